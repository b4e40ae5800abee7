// SPDX-License-Identifier: MIT

// libyaml, for Swift. No logic.
#pragma once
#include <yaml.h>
