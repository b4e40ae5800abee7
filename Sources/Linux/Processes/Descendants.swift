// SPDX-License-Identifier: MIT

internal import CLinux

/// The processes that descend from this one.
extension ThisProcess {
    /// Sends a signal to all that descend from this process, but for `others` and theirs, and returns whether there are any left.
    ///
    /// They are those that `/proc/PID/task/TID/children` of proc(5) lists. The kernel promises to list them all only where none of them
    /// ends meanwhile: a caller that must reach all asks again until there are none. Each process is held by a pidfd before its parent is
    /// checked, so the signal reaches no other process that has got its number. 0 sends nothing.
    package static func signalDescendants(_ number: Int32, but others: Set<Int32>) -> Bool {
        var found = false
        var folders = [id]
        var seen = others
        while let parent = folders.popLast() {
            for child in children(of: parent) where seen.insert(child).inserted {
                // One that only waits to be waited for has ended.
                guard let process = try? HeldProcess.open(child), !process.hasEnded, (try? process.parent()) == parent else { continue }
                found = true
                folders.append(child)
                if number != 0 { process.signal(number) }
            }
        }
        return found
    }

    /// The children of this process.
    package static var children: Set<Int32> { Set(children(of: id)) }

    private static func children(of process: Int32) -> [Int32] {
        let tasks = "/proc/\(process)/task"
        // It may be gone by now.
        return ((try? numberedEntries(of: tasks)) ?? []).flatMap { thread -> [Int32] in
            guard let file = try? FileDescriptor.open("\(tasks)/\(thread)/children", .readOnly),
                let text = try? file.readToEnd(limit: 1 << 20)
            else { return [] }
            return text.split(separator: UInt8(ascii: " ")).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
        }
    }
}

extension HeldProcess {
    /// pidfd_send_signal(2). A process that is gone, or may not be sent it, gets nothing.
    package func signal(_ number: Int32) { _ = tacit_pidfd_signal(pidfd.rawValue, number) }
}
