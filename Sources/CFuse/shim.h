// The low-level API of libfuse 3.14, for Swift: macros and variadics as plain functions. No logic.
#pragma once
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
