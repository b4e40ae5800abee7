// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// "1,000 jobs at once, each reading its own values and refused all others'."
@Suite struct ManyJobs {
    /// How many jobs run at once: `TACIT_JOBS` in the environment, but no more than one user may have where few files can be open
    /// (tacit-tree.7).
    static let jobs = min(max(8, Int(ProcessInfo.processInfo.environment["TACIT_JOBS"] ?? "") ?? 100), mostOfUser)
    private static var mostOfUser: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 8 }
        return Int(clamping: limit.rlim_max) / 16
    }
    /// Bytes of the daemon's memory that a job may take, beside what any number of them does: its secrets, its view, its descriptors.
    private static let each = 16 << 10
    private static let slack = 8 << 20
    /// How many are started at a time: a user has so many connections.
    private static let atOnce = 16

    /// The job with the number `$1` of `$2`, in the folder `$3`: when all run it looks at its own value and at the next one's, by each path,
    /// and ends when all have looked. All that the shell does by itself: a thousand jobs share a small machine.
    private static let inside = #"""
        zeros=00000000000000000000000000000000
        number() { text=$zeros$1; while [ ${#text} -gt $2 ]; do text=${text#?}; done; }
        number $1 7; own=s$text
        number $(( ($1 + 1) % $2 )) 7; other=s$text
        number $1 32; value=$text
        echo "$TACIT_JOB" > "$3/id.$1.new" && mv "$3/id.$1.new" "$3/id.$1"
        read _ < "$3/look"
        said=
        for path in job/vars/V job/env acme/many/$own/vars/V; do
          { read -r found < $path; } 2> "$3/error"
          [ "${found#V=}" = $value ] || said="$said own:$path"
        done
        [ "$V" = $value ] || said="$said environment"
        [ job/env -ef .jobs/$TACIT_JOB/env ] || said="$said link"
        read id < "$3/id.$(( ($1 + 1) % $2 ))"
        for path in .jobs/$id/vars/V .jobs/$id/env acme/many/$other/vars/V acme/many/$other/env; do
          { read -r found < $path; } 2> "$3/error.$1" && said="$said read:$path"
          read -r error < "$3/error.$1"
          case $error in *"Permission denied"*) ;; *) said="$said $path:$error" ;; esac
        done
        many=$(echo acme/many/*)
        [ "$many" = acme/many/$own ] || said="$said listing"
        echo "${said:-right}" > "$3/said.$1.new" && mv "$3/said.$1.new" "$3/said.$1"
        read _ < "$3/end"
        """#

    /// Starts `$1` jobs in the folder `$2`, with `$3` as their command, so many at a time as `$4` says.
    private static let starting = """
        i=0
        while [ $i -lt $1 ]; do
          tacit run --no-mask -p acme/many -s $(printf s%07d $i) -- sh -c "$3" sh $i $1 "$2" &
          i=$((i + 1))
          if [ $((i % $4)) = 0 ] || [ $i = $1 ]; then
            until [ -e "$2/id.$((i - 1))" ] && [ $(ls "$2" | grep -c '^id[.][0-9]*$') = $i ]; do sleep 0.05; done
          fi
        done
        touch "$2/started"
        wait
        """

    @Test func `each reads its own, and no other's`() throws {
        let mount = try Mount()
        try mount.initialize(filledWith: "many=\(Self.jobs)x1")
        try mount.start()
        try mount.grant("read", on: "acme/many", to: "user:1001")
        let folder = try mount.scratch.folder("jobs", mode: 0o755, owner: alice.uid)
        for pipe in ["look", "end"] { try Command("mkfifo", "-m", "666", "\(folder)/\(pipe)").run().orThrow() }
        let before = try mount.residentMemory()

        let starting = mount.command(["sh", "-c", Self.starting, "sh", "\(Self.jobs)", folder, Self.inside, "\(Self.atOnce)"], as: alice)
        let all = try starting.start()
        try Wait.until("\(Self.jobs) jobs", seconds: 600) { FileManager.default.fileExists(atPath: folder + "/started") || !all.isRunning }
        let during = try mount.residentMemory()
        let shown = try JSONDecoder().decode(Shown.self, from: try mount.tacit("jobs", "--json").orThrow().bytes)
        #expect(shown.jobs.count == Self.jobs)
        #expect(Set(shown.jobs.map(\.secrets)).count == Self.jobs)
        #expect(during - before < Self.slack + Self.jobs * Self.each, "\(before) bytes, then \(during)")

        let jobs = Array(0..<Self.jobs)
        func said(_ job: Int) -> String { String(decoding: Scratch.contents("\(folder)/said.\(job)"), as: UTF8.self) }
        let look = try open("\(folder)/look")
        defer { try? look.close() }
        try Wait.until("\(Self.jobs) jobs to have looked", seconds: 600) {
            !all.isRunning || jobs.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/said.\($0)") }
        }
        let end = try open("\(folder)/end")
        defer { try? end.close() }
        let outcome = try all.wait(600)
        #expect(outcome.succeeded, "\(outcome)")
        for job in jobs { #expect(said(job) == "right\n", "job \(job)") }
        try Wait.until("the end of all jobs") { (try? mount.tacit("jobs", "--json").text) == #"{"jobs":[]}"# }
        try mount.close()
    }

    /// Writes a line for each job into a pipe that all of them wait at, and keeps it open for those who come late.
    private func open(_ pipe: String) throws -> FileHandle {
        let handle = try FileHandle(forUpdating: URL(filePath: pipe))
        try handle.write(contentsOf: Data(repeating: UInt8(ascii: "\n"), count: Self.jobs))
        return handle
    }

    private struct Shown: Decodable {
        struct Job: Decodable {
            let secrets: [String]
        }
        let jobs: [Job]
    }
}
