import Linux

/// The links of a job, all of them or none, and the folders that they took.
struct PlacedFiles {
    private struct MadeFolder {
        let parent: HeldFolder
        let name: [UInt8]
    }

    private var links: [PlacedLink] = []
    private var made: [MadeFolder] = []
    /// By their paths, each held once.
    private var folders: [[UInt8]: HeldFolder] = [:]

    /// Places all; if one can't be placed, those before are undone.
    init(_ plan: PlacementPlan) throws(Failure) {
        for link in plan.links {
            do throws(Failure) {
                try place(link, plan)
            } catch {
                _ = undo()
                throw error
            }
        }
    }

    private mutating func place(_ link: PlacementPlan.Link, _ plan: PlacementPlan) throws(Failure) {
        let (folder, name) = Self.split(link.path)
        let placed: PlacedLink
        do {
            placed = PlacedLink(link, named: name, in: try hold(folder), for: plan.location)
        } catch {
            throw Failure(.failed, "can't place a file at \(text(link.path)): \(error)")
        }
        // Before it is tried: what it has moved away by then must come back.
        links.append(placed)
        try placed.place(replaces: plan.replaces)
    }

    /// The folder at a path, made with those above it where there is none.
    private mutating func hold(_ path: [UInt8]) throws(Errno) -> HeldFolder {
        if let folder = folders[path] { return folder }
        let folder: HeldFolder
        do throws(Errno) {
            folder = try HeldFolder.open(path)
        } catch {
            guard error == .noEntry, path.count > 1 else { throw error }
            let (above, name) = Self.split(path)
            let parent = try hold(above)
            do throws(Errno) {
                try parent.makeFolder(name)
                made.append(MadeFolder(parent: parent, name: name))
            } catch {
                // Made by another meanwhile; or a link to nowhere, which can't be opened.
                guard error == .exists else { throw error }
            }
            folder = try parent.open(name)
        }
        folders[path] = folder
        return folder
    }

    /// Takes all away, the last first, and the folders that were made if nothing else is in them by now. Returns what a person should
    /// be told.
    func undo() -> [String] {
        let remarks = links.reversed().compactMap { $0.undo() }
        // One that is not empty stays.
        for folder in made.reversed() { try? folder.parent.removeFolder(folder.name) }
        return remarks
    }

    /// Takes away the links of a plan that another process has placed, and which is gone. The folders that it made stay.
    static func undo(_ plan: PlacementPlan) -> [String] {
        plan.links.reversed().compactMap { link in
            let (folder, name) = split(link.path)
            guard let folder = try? HeldFolder.open(folder) else { return nil }
            return PlacedLink(link, named: name, in: folder, for: plan.location).undo()
        }
    }

    /// The folder that an absolute path is in, and its name there.
    private static func split(_ path: [UInt8]) -> (folder: [UInt8], name: [UInt8]) {
        let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return (slash == 0 ? [UInt8(ascii: "/")] : Array(path[..<slash]), Array(path[(slash + 1)...]))
    }
}
