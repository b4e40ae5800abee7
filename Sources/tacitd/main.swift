import CLinux
import Glibc
import Linux

exit(Program.run(Array(ArgumentVector.ofThisProcess.dropFirst()), Environment.ofThisProcess()).rawValue)
