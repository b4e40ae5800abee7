// SPDX-License-Identifier: MIT

import Glibc

exit(Tacit.run().rawValue)
