// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// tacit-tree(7), "Calls": each row is tried by real calls, and what comes of them is what it says.
@Suite struct TableOfCalls {
    /// A row of the page: its first column as it is written there, and the error numbers that the second names.
    private struct Row {
        let call: String
        let errors: Set<String>
        /// Whether it tells of nothing else.
        let onlyFails: Bool
    }

    private func rows() throws -> [Row] {
        let page = try String(contentsOfFile: FileManager.default.currentDirectoryPath + "/man/tacit-tree.7", encoding: .utf8)
        let start = try #require(page.range(of: ".Ss Calls\n")), end = try #require(page[start.upperBound...].range(of: ".El\n"))
        return page[start.upperBound..<end.lowerBound].split(separator: "\n").filter { $0.hasPrefix(".It ") && !$0.hasPrefix(".It Em") }
            .map { line in
                let parts = line.dropFirst(4).components(separatedBy: " Ta ")
                let words = parts[1].split { !($0.isLetter || $0.isNumber || $0 == "_") }
                let errors = words.filter { $0.count > 3 && $0.first == "E" && $0.allSatisfy { $0.isUppercase || $0.isNumber } }
                return Row(
                    call: parts[0], errors: Set(errors.map(String.init)), onlyFails: parts[1].hasPrefix("Er ") && !parts[1].contains(";"))
            }
    }

    @Test func `says what becomes of each call`() throws {
        let rows = try rows()
        #expect(rows.count > 20)
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            try mount.must("mkdir user/own", as: alice)
            let script = try mount.scratch.file("calls.py", Data(Self.calls.utf8), mode: 0o644)
            for folder in ["user/own/files", "acme/web/db/files"] {
                var found: [String: Set<String>] = [:]
                for line in try mount.must("cd \(folder); python3 -I -S \(script)", as: alice).split(separator: "\n") {
                    let parts = line.components(separatedBy: " = ")
                    found[parts[0]] = Set(parts[1].split(separator: " ").map(String.init))
                }
                #expect(Set(found.keys) == Set(rows.map(\.call)), "\(folder)")
                for row in rows {
                    let answers = found[row.call] ?? []
                    // Which mappings are refused depends on the kernel.
                    let uncertain: Set<String> = row.call == "Xr mmap 2" ? row.errors : []
                    #expect(
                        answers.subtracting(["ok"]).subtracting(uncertain) == row.errors.subtracting(uncertain), "\(folder): \(row.call)")
                    #expect(answers.contains("ok") != row.onlyFails, "\(folder): \(row.call): \(answers)")
                }
            }
        }
    }

    /// Prints what came of the calls of each row: `ok`, the names of error numbers, and `wrong` for another result than the page tells.
    private static let calls = """
        import ctypes, errno, fcntl, mmap, os, socket, stat, struct, tempfile
        libc = ctypes.CDLL(None, use_errno=True)
        results = []
        def tried(call, *words, **more):
            try: value = call(*words, **more)
            except OSError as error: results.append({"ENOTSUP": "EOPNOTSUPP"}.get(name := errno.errorcode[error.errno], name)); return None
            results.append("ok"); return value
        def c(name, *words):
            def call():
                value = getattr(libc, name)(*words)
                if value < 0: raise OSError(ctypes.get_errno(), name)
                return value
            return tried(call)
        def check(condition):
            if not condition: results.append("wrong")
        def store(text=b"stored", name="f"):
            with open(name, "wb") as file: file.write(text)
        def stored(name="f"):
            with open(name, "rb") as file: return file.read()
        def opened(flags, name="f"): return tried(os.open, name, flags, 0o600)

        def append():
            store(); fd = opened(os.O_WRONLY | os.O_APPEND); os.pwrite(fd, b"!", 0); os.close(fd); check(stored() == b"stored!")
        def direct():
            for flag in os.O_DIRECT, os.O_SYNC, os.O_DSYNC:
                fd = opened(os.O_WRONLY | flag); os.write(fd, b"STORED"); os.close(fd); check(stored() == b"STORED")
                os.close(opened(os.O_RDONLY | flag))
        def exclusive():
            fd = opened(os.O_WRONLY | os.O_CREAT | os.O_EXCL, "new"); opened(os.O_WRONLY | os.O_CREAT | os.O_EXCL, "new")
            os.close(fd); os.unlink("new")
        def other_flags():
            for flag in os.O_NOATIME, os.O_NOFOLLOW, os.O_PATH: os.close(opened(os.O_RDONLY | flag))
        def both():
            store(); fd = opened(os.O_RDWR); check(os.read(fd, 9) == b"stored"); os.close(fd)
        def temporary():
            opened(os.O_TMPFILE | os.O_RDWR, "."); fd, name = tried(tempfile.mkstemp, dir="."); os.close(fd); os.unlink(name)
        def truncating():
            store(); os.close(opened(os.O_WRONLY | os.O_TRUNC)); check(stored() == b"stored")
        def reading():
            fd = os.open("f", os.O_RDONLY); store(b"another")
            check(tried(os.pread, fd, 6, 0) == b"stored" and tried(os.read, fd, 9) == b"stored")
            parts = [bytearray(2), bytearray(9)]; os.lseek(fd, 0, 0); tried(os.readv, fd, parts); os.close(fd)
        def not_waiting():
            fd = os.open("f", os.O_RDONLY)
            for flags in 0, os.RWF_NOWAIT: tried(os.preadv, fd, [bytearray(3)], 0, flags)
            os.close(fd)
        def seeking():
            store(); fd = os.open("f", os.O_RDONLY)
            check([tried(os.lseek, fd, *where) for where in [(0, 2), (1, os.SEEK_DATA), (1, os.SEEK_HOLE)]] == [6, 1, 6]); os.close(fd)
        def cutting():
            store(); tried(os.truncate, "f", 3); check(stored() == b"sto")
            fd = os.open("f", os.O_WRONLY); tried(os.ftruncate, fd, 2); os.close(fd); check(stored() == b"st")
        def allocating():
            fd = os.open("f", os.O_RDWR); c("fallocate", fd, 0, ctypes.c_long(0), ctypes.c_long(9)); tried(os.posix_fallocate, fd, 0, 9)
            os.close(fd); check(len(stored()) == 9)
        def advising():
            fd = os.open("f", os.O_RDONLY); tried(os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_WILLNEED)
            c("readahead", fd, ctypes.c_long(0), ctypes.c_size_t(9)); c("syncfs", fd)
            c("sync_file_range", fd, ctypes.c_long(0), ctypes.c_long(0), 7); os.close(fd)
        def syncing():
            for sync in os.fsync, os.fdatasync:
                fd = os.open("f", os.O_WRONLY | os.O_TRUNC); os.write(fd, sync.__name__.encode()); tried(sync, fd)
                check(stored() == sync.__name__.encode()); os.close(fd)
            fd = os.open(".", os.O_RDONLY); tried(os.fsync, fd); os.close(fd)
        def mapping():
            store(); fd = os.open("f", os.O_RDONLY); check(tried(mmap.mmap, fd, 6, mmap.MAP_PRIVATE, mmap.PROT_READ)[:] == b"stored")
            tried(mmap.mmap, fd, 6, mmap.MAP_SHARED, mmap.PROT_READ); os.close(fd)
        def moving():
            store(b"moved", "g")
            for way in "splice", "sendfile", "copy_file_range":
                a, b = os.open("g", os.O_RDONLY), os.open("f", os.O_WRONLY | os.O_TRUNC)
                if way == "splice":
                    r, w = os.pipe(); count = tried(os.splice, a, w, 9); tried(os.splice, r, b, count); os.close(r); os.close(w)
                elif way == "sendfile": tried(os.sendfile, b, a, 0, 9)
                else: tried(os.copy_file_range, a, b, 9)
                os.close(a); os.close(b); check(stored() == b"moved"); store()
            os.unlink("g")
        def cloning():
            store(b"x", "g"); a, b = os.open("g", os.O_RDONLY), os.open("f", os.O_WRONLY); tried(fcntl.ioctl, b, 0x40049409, a)
            os.close(a); os.close(b); os.unlink("g")
        def locking():
            fd = os.open("f", os.O_RDWR); tried(fcntl.flock, fd, fcntl.LOCK_EX); tried(fcntl.lockf, fd, fcntl.LOCK_EX); os.close(fd)
        def sealing():
            for flags in os.O_RDONLY, os.O_RDWR: fd = os.open("f", flags); tried(fcntl.fcntl, fd, 1033, 1); os.close(fd)
        def controlling():
            fd = os.open("f", os.O_RDONLY); tried(fcntl.ioctl, fd, 0x5401, bytes(64)); tried(fcntl.ioctl, fd, 0x80086601, bytes(8)); os.close(fd)
        def linking():
            tried(os.link, "f", "l"); tried(os.symlink, "f", "l"); tried(os.mknod, "l", stat.S_IFREG | 0o600); tried(os.mkfifo, "l")
        def binding(): tried(socket.socket(socket.AF_UNIX).bind, "s")
        def renaming():
            store(b"new", "g"); tried(os.rename, "g", "f"); check(stored() == b"new")
        def renaming_by_flags():
            for flag in 1, 2, 4:
                store(b"g", "g")
                if flag == 2: store(b"h", "h")
                c("renameat2", -100, b"g", -100, b"h", flag)
                if os.path.exists("h"): os.unlink("h")
                if os.path.exists("g"): os.unlink("g")
        def setting():
            for name in "user.x", "trusted.x", "security.x", "system.x", "system.posix_acl_access": tried(os.setxattr, "f", name, b"x")
            entries = [(tag, 6 if tag == 1 else 0, 0xffffffff) for tag in (1, 4, 32)]
            tried(os.setxattr, "f", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries))
        def getting():
            for name in "user.x", "security.x": tried(os.getxattr, "f", name)
            # A home has none.
            for name in os.listxattr("."): tried(os.getxattr, ".", name)
            if not os.listxattr("."): results.append("ok")
        def owning(): tried(os.chmod, "f", 0o640); tried(os.chown, "f", os.getuid(), -1)
        def timing():
            tried(os.utime, "f", (1, 2)); check(os.stat("f").st_mtime == 2); tried(os.utime, "f")
        def executing(): tried(os.execv, "f", ["f"])

        rows = {
            "Dv O_APPEND": append, "Dv O_DIRECT , O_SYNC , O_DSYNC": direct, "Dv O_EXCL": exclusive,
            "Dv O_NOATIME , O_NOFOLLOW , O_PATH": other_flags, "Dv O_RDWR": both, "Dv O_TMPFILE": temporary, "Dv O_TRUNC": truncating,
            "Xr read 2 , Xr pread 2 , Xr readv 2": reading, "Xr preadv2 2": not_waiting, "Xr lseek 2": seeking,
            "Xr ftruncate 2 , Xr truncate 2": cutting, "Xr fallocate 2": allocating,
            "Xr posix_fadvise 2 , Xr readahead 2 , Xr sync_file_range 2 , Xr syncfs 2": advising, "Xr fsync 2 , Xr fdatasync 2": syncing,
            "Xr mmap 2": mapping, "Xr splice 2 , Xr sendfile 2 , Xr copy_file_range 2": moving, "Dv FICLONE": cloning,
            "Xr flock 2 , Xr fcntl 2 No locks": locking, "Dv F_ADD_SEALS": sealing, "Xr ioctl 2": controlling,
            "Xr link 2 , Xr symlink 2 , Xr mknod 2 , Xr mkfifo 3": linking, "Xr bind 2 No of a Unix socket": binding, "Xr rename 2": renaming,
            "Xr renameat2 2": renaming_by_flags, "Xr setxattr 2": setting, "Xr getxattr 2": getting, "Xr chmod 2 , Xr chown 2": owning,
            "Xr utimensat 2": timing, "Xr execve 2": executing,
        }
        for row, body in rows.items():
            results.clear(); store(); body(); print(row, "=", *sorted(set(results)))
        """
}
