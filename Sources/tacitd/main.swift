import Glibc
print("tacitd")
