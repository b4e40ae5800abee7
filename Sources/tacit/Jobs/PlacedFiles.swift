// SPDX-License-Identifier: MIT

import Linux
import Secrets

/// The links of a job, all of them or none, and the folders that they took.
struct PlacedFiles {
    private var links: [PlacedLink] = []
    /// Those that are held, by their paths.
    private var folders: [[UInt8]: PlacementFolder] = [:]
    /// Those that were made, also where others have removed them since.
    private var made: [PlacementFolder] = []
    private let patience: FolderPatience

    /// How often a folder that another job removes is looked for again.
    private static let attempts = 100

    /// Places all; if one can't be placed, those before are undone.
    init(_ plan: PlacementPlan, patience: FolderPatience = .shared) throws(Failure) {
        self.patience = patience
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
        patience = .shared
        for link in plan.links {
            let (path, name) = PlacementFolder.split(link.path)
            guard let folder = folders[path] ?? (try? PlacementFolder(path, HeldFolder.openStrictly(path), patience)) else { continue }
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
            do throws(StrictPathError) {
                // Before it is tried: what it has moved away by then must come back.
                links.append(PlacedLink(link, named: name, in: try hold(path)))
            } catch {
                switch error {
                case .notStrict(let found): throw Failure(found, placing: link.path)
                case .system(let error): problem = error
                }
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
    private mutating func hold(_ path: [UInt8]) throws(StrictPathError) -> PlacementFolder {
        if let folder = folders[path] { return folder }
        let folder: PlacementFolder
        do throws(StrictPathError) {
            folder = PlacementFolder(path, try HeldFolder.openStrictly(path), patience)
        } catch {
            guard error == .system(.noEntry), path.count > 1 else { throw error }
            folder = try make(path, in: try hold(PlacementFolder.split(path).folder))
        }
        folders[path] = folder
        return folder
    }

    private mutating func make(_ path: [UInt8], in parent: PlacementFolder) throws(StrictPathError) -> PlacementFolder {
        do throws(Errno) {
            let folder = try PlacementFolder(making: path, in: parent)
            made.append(folder)
            return folder
        } catch {
            // Made by another meanwhile; or a link to nowhere, which can't be opened.
            guard error == .exists else { throw .system(error) }
            return PlacementFolder(path, try HeldFolder.openStrictly(path), patience)
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

extension Failure {
    /// Somebody else could lead what is placed at `path` elsewhere.
    fileprivate init(_ problem: StrictPathProblem, placing path: [UInt8]) {
        let place = text(problem.path)
        let (reason, hint): (String, String) =
            switch problem.cause {
            case .folderOf(let uid):
                (
                    "\(place) belongs to \(Accounts.display(.user(uid)))",
                    "files are placed where only root and you can change the way: HOME may be another user's"
                )
            case .linkOf(let uid):
                ("\(place) is a link of \(Accounts.display(.user(uid)))", "name the folder that it leads to, if you trust it")
            case .isWritable:
                ("others may change what is in \(place)", "chmod go-w \(place), or place the file elsewhere")
            }
        self.init(.failed, "can't place a file at \(text(path)): \(reason)", hint: hint)
    }
}
