// SPDX-License-Identifier: MIT

// libsodium, for Swift. No logic.
#pragma once
#include <sodium.h>
