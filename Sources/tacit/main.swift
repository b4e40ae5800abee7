import Glibc

exit(Tacit.run().rawValue)
