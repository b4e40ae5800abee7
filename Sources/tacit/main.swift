import Glibc
import FoundationEssentials
print("tacit")
