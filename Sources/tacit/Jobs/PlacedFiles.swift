import Linux

/// The links of a job, all of them or none, and the folders that they took.
struct PlacedFiles {
    private var links: [PlacedLink] = []
    /// Those that are held, by their paths.
    private var folders: [[UInt8]: PlacementFolder] = [:]
    /// Those that were made, also where others have removed them since.
    private var made: [PlacementFolder] = []

    /// How often a folder that another job removes is looked for again.
    private static let attempts = 100

    /// Places all; if one can't be placed, those before are undone.
    init(_ plan: PlacementPlan) throws(Failure) {
        for link in plan.links {
            do throws(Failure) {
                try place(link, replaces: plan.replaces)
            } catch {
                _ = undo()
                throw error
            }
        }
    }

    /// The links of a plan that another process has placed, claimed by this one too; one whose folder can't be held is left out.
    init(placedBefore plan: PlacementPlan) {
        for link in plan.links {
            let (path, name) = PlacementFolder.split(link.path)
            guard let folder = folders[path] ?? (try? PlacementFolder(path, HeldFolder.open(path))) else { continue }
            folders[path] = folder
            var placed = PlacedLink(link, named: name, in: folder)
            placed.join()
            links.append(placed)
        }
    }

    private mutating func place(_ link: PlacementPlan.Link, replaces: Bool) throws(Failure) {
        let (path, name) = PlacementFolder.split(link.path)
        var problem = Errno.noEntry
        for _ in 0..<Self.attempts where problem == .noEntry {
            do throws(Errno) {
                // Before it is tried: what it has moved away by then must come back.
                links.append(PlacedLink(link, named: name, in: try hold(path)))
            } catch {
                problem = error
                // Made by another job, which has removed it before it could be held.
                folders = [:]
                continue
            }
            if try links[links.count - 1].place(replaces: replaces) { return }
            links.removeLast()
            folders = [:]
        }
        throw Failure(.failed, "can't place a file at \(text(link.path)): \(problem)")
    }

    /// The folder at a path, made with those above it where there is none.
    private mutating func hold(_ path: [UInt8]) throws(Errno) -> PlacementFolder {
        if let folder = folders[path] { return folder }
        let folder: PlacementFolder
        do throws(Errno) {
            folder = PlacementFolder(path, try HeldFolder.open(path))
        } catch {
            guard error == .noEntry, path.count > 1 else { throw error }
            folder = try make(path, in: try hold(PlacementFolder.split(path).folder))
        }
        folders[path] = folder
        return folder
    }

    private mutating func make(_ path: [UInt8], in parent: PlacementFolder) throws(Errno) -> PlacementFolder {
        do throws(Errno) {
            let folder = try PlacementFolder(making: path, in: parent)
            made.append(folder)
            return folder
        } catch {
            // Made by another meanwhile; or a link to nowhere, which can't be opened.
            guard error == .exists else { throw error }
            return PlacementFolder(path, try parent.held.open(PlacementFolder.split(path).name))
        }
    }

    /// Takes all away that no other job needs, and the folders that were made for it. Returns what a person should be told.
    func undo() -> [String] {
        let remarks = links.reversed().compactMap { $0.undo() }
        // The deepest first: one that is not empty stays.
        let own = Set(made.map(\.path))
        for folder in (links.map(\.folder) + made).sorted(by: { $0.path.count > $1.path.count }) { folder.removeIfMade(own: own) }
        return remarks
    }

    /// Claims nothing any more.
    func release() {
        for link in links { link.release() }
    }
}
