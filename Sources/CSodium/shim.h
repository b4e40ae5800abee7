// libsodium, for Swift. No logic.
#pragma once
#include <sodium.h>
