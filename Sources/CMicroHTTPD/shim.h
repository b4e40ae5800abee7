// GNU libmicrohttpd, for Swift: variadics as plain functions. No logic.
#pragma once
#include <microhttpd.h>
