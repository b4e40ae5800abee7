// SPDX-License-Identifier: MIT

import Linux

/// A link that was placed for a job, or is about to be, in a folder that is held.
///
/// It leads through the link `job`, to the files of whoever follows it: a user's jobs that want a file at the same path share it. Each
/// claims it as long as it runs, and the last takes it away. What was there before, which `--force` moves aside, has the link's name with
/// `.tacit-aside` after it, and comes back with whoever takes the link away. So what a crash left behind needs no one to remember it.
///
/// Another user's link is theirs to take away, at any time: it is none that a job could share, but where this user can make none.
struct PlacedLink {
    private let link: PlacementPlan.Link
    private let name: [UInt8]
    let folder: PlacementFolder
    /// Whether it was claimed: or else there is nothing here to be undone.
    private var isClaimed = false
    /// Whose the link is.
    private var owner: UInt32?

    init(_ link: PlacementPlan.Link, named name: [UInt8], in folder: PlacementFolder) {
        self.link = link
        self.name = name
        self.folder = folder
    }

    static let asideEnding = ".tacit-aside"
    private var aside: [UInt8] { name + Array(Self.asideEnding.utf8) }

    /// Makes the link, unless it is there. Something else is moved aside if `replaces` says so, or else it is a failure. Returns false if
    /// the folder has been removed.
    mutating func place(replaces: Bool) throws(Failure) -> Bool {
        let claims = folder.claims
        return try claims.inTurn { without throws(Failure) in
            if let without { return try placeAlone(without) }
            claim()
            // Each turn takes away what was seen to be there. Somebody who puts something there each time gets their way.
            for _ in 0..<4 {
                do throws(Errno) {
                    try folder.held.link(name, to: link.target)
                    owner = folder.held.owner(of: name)
                    return true
                } catch {
                    if error == .noEntry { return false }
                    guard error == .exists else { throw refusal(error) }
                }
                if isThere, let found = folder.held.owner(of: name), found == ThisProcess.uid {
                    owner = found
                    return true
                }
                guard replaces else { break }
                try moveAside()
            }
            throw Failure(
                .conflict, "\(text(link.path)) is there already, and is not a file of \(isThere ? "this user's jobs" : "this job")",
                hint: "--force moves it away as long as the job runs")
        }
    }

    /// Where this user can make no names, a link that is there serves as long as whoever made it lets it.
    private func placeAlone(_ problem: Errno) throws(Failure) -> Bool {
        if problem == .noEntry { return false }
        if isThere, [.accessDenied, .notPermitted, .readOnly].contains(problem) { return true }
        guard problem == .exists else { throw refusal(problem) }
        let (path, _) = PlacementFolder.split(link.path)
        let file = "\(text(path))/\(text(FolderClaims.fileName))"
        throw Failure(
            .conflict, "can't place a file at \(text(link.path)): \(file) is not a file of this user's alone",
            hint: "tacit makes it where it places files: remove it")
    }

    private func moveAside() throws(Failure) {
        do throws(Errno) { try folder.held.rename(name, to: aside) } catch {
            switch error {
            // Somebody else took it away: the next turn tells.
            case .noEntry: return
            case .exists:
                throw Failure(
                    .conflict, "\(text(link.path)) can't be moved away: \(text(link.path))\(Self.asideEnding) is there already",
                    hint: "it is what a job has moved away before: keep one of the two")
            case .nameTooLong:
                throw Failure(
                    .conflict, "\(text(link.path)) can't be moved away: with \(Self.asideEnding) after it, its name would be too long",
                    hint: "move it away, or give it a shorter name")
            default: throw refusal(error)
            }
        }
    }

    /// Claims one that another process has placed.
    mutating func join() {
        let claims = folder.claims
        claims.inTurn { without in
            guard without == nil else { return }
            claim()
            owner = folder.held.owner(of: name)
        }
    }

    private mutating func claim() {
        folder.claims.claim(name)
        isClaimed = true
    }

    func release() { folder.claims.release(name) }

    private var isThere: Bool { folder.held.target(of: name) == link.target }

    /// Takes the link away if it is there and no other job needs it, and puts back what was there before. Does no harm if it is done twice.
    /// Returns what a person should be told.
    func undo() -> String? {
        guard isClaimed else { return nil }
        return folder.claims.inTurn { without in
            release()
            if let without { return without == .noEntry ? nil : "can't take \(text(link.path)) away: \(without)" }
            guard !folder.claims.isClaimedByOthers(name) else { return nil }
            return takeAway()
        }
    }

    private func takeAway() -> String? {
        let made = "\(text(link.path)) was made meanwhile"
        do throws(Errno) {
            if let owner, folder.held.owner(of: name) == owner {
                let spares = FolderClaims.spareNames(for: name)
                if case .moved(let spare) = try folder.held.removeLink(name, to: link.target, by: spares) {
                    return "\(made), twice: the first has the name \(text(spare))"
                }
            }
        } catch { return "can't take \(text(link.path)) away: \(error)" }
        guard folder.held.has(aside) else { return nil }
        do throws(Errno) { try folder.held.rename(aside, to: name) } catch .exists {
            return "\(made): what was there before has \(Self.asideEnding) after its name"
        } catch { return "can't put \(text(link.path)) back as it was: \(error)" }
        return nil
    }

    private func refusal(_ error: Errno) -> Failure {
        Failure(.failed, "can't place a file at \(text(link.path)): \(error)")
    }
}
