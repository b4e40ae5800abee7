import Foundation
import TestSupport
import Testing

/// "1,000 jobs at once, each reading its own values and refused all others'."
@Suite struct ManyJobs {
    /// How many jobs run at once: `TACIT_JOBS` in the environment.
    static let jobs = max(8, Int(ProcessInfo.processInfo.environment["TACIT_JOBS"] ?? "") ?? 100)
    /// Bytes of the daemon's memory that a job may take, beside what any number of them does: its secrets, its view, its descriptors.
    private static let each = 16 << 10
    private static let slack = 8 << 20
    /// How many are started at a time: a user has so many connections.
    private static let atOnce = 16

    /// The job with the number `$1` of `$2`, in the folder `$3`: it looks at its own and at the next one's value, by each path, when all run.
    private static let inside = """
        own=$(printf s%07d $1) next=$(( ($1 + 1) % $2 )) value=$(printf %032d $1)
        other=$(printf s%07d $next)
        echo "$TACIT_JOB" > "$3/id.$1.new" && mv "$3/id.$1.new" "$3/id.$1"
        read _ < "$3/go"
        said=
        [ "$(cat job/vars/V)" = "$value" ] || said="$said own-view"
        [ "$(cat job/env)" = "V=$value" ] || said="$said own-env"
        [ "$(cat acme/many/$own/vars/V)" = "$value" ] || said="$said own-path"
        [ "$V" = "$value" ] || said="$said environment"
        theirs=.jobs/$(cat "$3/id.$next")
        for path in $theirs/vars/V $theirs/env acme/many/$other/vars/V acme/many/$other/env; do
          cat $path > /dev/null 2> "$3/error.$1" && said="$said read:$path"
          grep -q 'Permission denied' "$3/error.$1" || said="$said $path:$(cat "$3/error.$1")"
        done
        [ "$(ls acme/many)" = $own ] || said="$said listing"
        [ "$(readlink job)" = .jobs/$TACIT_JOB ] || said="$said link"
        echo "${said:-right}" > "$3/said.$1"
        """

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
        try Command("mkfifo", "-m", "666", folder + "/go").run().orThrow()
        let before = try mount.residentMemory()

        var starting = mount.command(["sh", "-c", Self.starting, "sh", "\(Self.jobs)", folder, Self.inside, "\(Self.atOnce)"], as: alice)
        starting.limit = 900
        let all = try starting.start()
        try Wait.until("\(Self.jobs) jobs", seconds: 600) { FileManager.default.fileExists(atPath: folder + "/started") || !all.isRunning }
        let during = try mount.residentMemory()
        let shown = try JSONDecoder().decode(Shown.self, from: try mount.tacit("jobs", "--json").orThrow().bytes)
        #expect(shown.jobs.count == Self.jobs)
        #expect(Set(shown.jobs.map(\.secrets)).count == Self.jobs)
        #expect(during - before < Self.slack + Self.jobs * Self.each, "\(before) bytes, then \(during)")

        // Who waits for a writer goes on when there was one.
        try mount.run("printf '' > \(folder)/go").orThrow()
        let outcome = try all.wait()
        #expect(outcome.succeeded, "\(outcome)")
        for job in 0..<Self.jobs {
            let said = String(decoding: Scratch.contents("\(folder)/said.\(job)"), as: UTF8.self)
            #expect(said == "right\n", "job \(job)")
        }
        try Wait.until("the end of all jobs", seconds: 15) { (try? mount.tacit("jobs", "--json").text) == #"{"jobs":[]}"# }
        try mount.close()
    }

    private struct Shown: Decodable {
        struct Job: Decodable {
            let secrets: [String]
        }
        let jobs: [Job]
    }
}
