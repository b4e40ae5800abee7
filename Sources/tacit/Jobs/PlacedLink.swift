import Linux

/// A link that was placed for a job, or is about to be, in a folder that is held.
///
/// What was there before has the link's name with `.tacit-` and the job's id after it. That says all that it takes to put it back, also
/// to another process, and to the next job if nobody did.
struct PlacedLink {
    private let folder: HeldFolder
    private let name: [UInt8]
    private let link: PlacementPlan.Link
    private let location: JobLocation

    init(_ link: PlacementPlan.Link, named name: [UInt8], in folder: HeldFolder, for location: JobLocation) {
        self.folder = folder
        self.name = name
        self.link = link
        self.location = location
    }

    private static func aside(_ name: [UInt8], for job: [UInt8]) -> [UInt8] { name + Array(".tacit-".utf8) + job }

    /// Makes the link. Of what is there, a link of a job that has ended goes; anything else is moved aside if `replaces` says so, or
    /// else it is a failure.
    func place(replaces: Bool) throws(Failure) {
        // Each turn takes away what was seen to be there. Somebody who puts something there each time gets their way.
        for _ in 0..<4 {
            do throws(Errno) {
                return try folder.link(name, to: link.target)
            } catch {
                guard error == .exists else { throw refusal(error) }
            }
            do throws(Errno) {
                if let job = endedJob {
                    try folder.remove(name)
                    // What the job's end should have put back.
                    if folder.has(Self.aside(name, for: job)) { try folder.rename(Self.aside(name, for: job), to: name) }
                } else if replaces {
                    try folder.rename(name, to: Self.aside(name, for: location.id))
                } else {
                    break
                }
            } catch {
                // Somebody else took it away, or put something there: the next turn tells.
                guard error == .noEntry || error == .exists else { throw refusal(error) }
            }
        }
        throw Failure(
            .conflict, "\(text(link.path)) is there already, and is not a file of this job",
            hint: "--force moves it away as long as the job runs")
    }

    /// The job of the link that is there, if that job has ended.
    private var endedJob: [UInt8]? {
        guard let target = folder.target(of: name), let job = location.job(of: target), job != location.id else { return nil }
        return HeldFolder.isAbsent(location.views + job) ? job : nil
    }

    /// Takes the link away if it is there, and puts back what was there before. Does no harm if it is done twice. Returns what a person
    /// should be told.
    func undo() -> String? {
        do throws(Errno) {
            if folder.target(of: name) == link.target { try folder.remove(name) }
            let aside = Self.aside(name, for: location.id)
            guard folder.has(aside) else { return nil }
            try folder.rename(aside, to: name)
            return nil
        } catch {
            return error == .exists
                ? "\(text(link.path)) was made meanwhile: what was there before has .tacit-\(string(location.id)) after its name"
                : "can't put \(text(link.path)) back as it was: \(error)"
        }
    }

    private func refusal(_ error: Errno) -> Failure {
        Failure(.failed, "can't place a file at \(text(link.path)): \(error)")
    }
}
