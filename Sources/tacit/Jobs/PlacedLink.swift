import Linux

/// A link that was placed for a job, or is about to be, in a folder that is held.
///
/// It leads through the link `job`, to the files of whoever follows it: jobs that want a file at the same path share it. Each claims it
/// as long as it runs, and the last takes it away. What was there before, which `--force` moves aside, has the link's name with
/// `.tacit-aside` after it, and comes back with whoever takes the link away. So what a crash left behind needs no one to remember it.
struct PlacedLink {
    private let link: PlacementPlan.Link
    private let name: [UInt8]
    let folder: PlacementFolder

    init(_ link: PlacementPlan.Link, named name: [UInt8], in folder: PlacementFolder) {
        self.link = link
        self.name = name
        self.folder = folder
    }

    static let asideEnding = ".tacit-aside"
    private var aside: [UInt8] { name + Array(Self.asideEnding.utf8) }

    /// Makes the link, unless it is there. Something else is moved aside if `replaces` says so, or else it is a failure. Returns false if
    /// the folder has been removed.
    func place(replaces: Bool) throws(Failure) -> Bool {
        try folder.claims.inTurn { () throws(Failure) in
            claim()
            // Each turn takes away what was seen to be there. Somebody who puts something there each time gets their way.
            for _ in 0..<4 {
                do throws(Errno) {
                    try folder.held.link(name, to: link.target)
                    return true
                } catch {
                    if error == .noEntry { return false }
                    guard error == .exists else { throw refusal(error) }
                }
                if isThere { return true }
                guard replaces else { break }
                do throws(Errno) { try folder.held.rename(name, to: aside) } catch {
                    // Somebody else took it away: the next turn tells.
                    if error == .noEntry { continue }
                    guard error == .exists else { throw refusal(error) }
                    throw Failure(
                        .conflict, "\(text(link.path)) can't be moved away: \(text(link.path))\(Self.asideEnding) is there already",
                        hint: "it is what a job has moved away before: keep one of the two")
                }
            }
            throw Failure(
                .conflict, "\(text(link.path)) is there already, and is not a file of this job",
                hint: "--force moves it away as long as the job runs")
        }
    }

    func claim() { folder.claims.claim(name) }

    func release() { folder.claims.release(name) }

    private var isThere: Bool { folder.held.target(of: name) == link.target }

    /// Takes the link away if it is there and no other job needs it, and puts back what was there before. Does no harm if it is done twice.
    /// Returns what a person should be told.
    func undo() -> String? {
        folder.claims.inTurn {
            release()
            guard !folder.claims.isClaimedByOthers(name) else { return nil }
            do throws(Errno) {
                if isThere { try folder.held.remove(name) }
                guard folder.held.has(aside) else { return nil }
                try folder.held.rename(aside, to: name)
                return nil
            } catch {
                return error == .exists
                    ? "\(text(link.path)) was made meanwhile: what was there before has \(Self.asideEnding) after its name"
                    : "can't put \(text(link.path)) back as it was: \(error)"
            }
        }
    }

    private func refusal(_ error: Errno) -> Failure {
        Failure(.failed, "can't place a file at \(text(link.path)): \(error)")
    }
}
