// SPDX-License-Identifier: MIT

/// The argument of `-o`: options with commas between, as mount(8) passes them on from /etc/fstab.
enum MountOptions {
    /// The options of `list`. A backslash makes the next character, such as a comma in a path, an ordinary one.
    static func split(_ list: String) -> [String] {
        var options: [String] = []
        var option = ""
        var isEscaped = false
        for character in list {
            if isEscaped || (character != "," && character != "\\") {
                option.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                options.append(option)
                option = ""
            }
        }
        return (options + [option]).filter { !$0.isEmpty }
    }

    /// NAME=VALUE taken apart.
    static func setting(_ option: String) -> (name: String, value: String)? {
        guard let equals = option.firstIndex(of: "=") else { return nil }
        return (String(option[..<equals]), String(option[option.index(after: equals)...]))
    }

    /// Options that mount(8), systemd and people write and that change nothing here: whom and when to mount for, and flags that the
    /// mount has or has not whatever they say. It is always nosuid, nodev, noexec and writable, and for all users if root mounts.
    static func isIgnored(_ option: String) -> Bool {
        ignored.contains(option) || ignoredPrefixes.contains { option.hasPrefix($0) }
    }

    private static let ignored: Set = [
        "defaults", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "async", "atime", "noatime", "diratime", "nodiratime",
        "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "auto", "noauto", "user", "nouser",
        "users", "owner", "group", "nofail", "_netdev", "default_permissions", "allow_other",
    ]
    private static let ignoredPrefixes = ["x-", "X-", "comment=", "user="]
}
