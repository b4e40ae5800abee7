// SPDX-License-Identifier: MIT

import CLinux
import Glibc
import Linux

exit(Tacitd.run(Array(ArgumentVector.ofThisProcess.dropFirst()), Environment.ofThisProcess()).rawValue)
