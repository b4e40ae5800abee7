import Glibc
import Linux

exit(Program.run(Array(ArgumentVector.ofThisProcess.dropFirst())).rawValue)
