// SQLite, for Swift. No logic.
#pragma once
#include <sqlite3.h>
