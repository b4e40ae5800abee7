// SPDX-License-Identifier: MIT

import Glibc
import Secrets
import TestSupport

@testable import Vault

/// Operations put together at random, over names that are there and names that are not.
struct Walk {
    private var random: Seeded
    private let population: Population
    private let known = Operation.all
    private let looking = Operation.looking

    /// How many steps a walk has.
    static let length = 40

    init(_ population: Population, seed: UInt64) {
        self.population = population
        random = Seeded(seed)
    }

    mutating func operations() -> [Operation] { (0..<Self.length).map { _ in next() } }

    private static let files = "acme/web/mix/files"
    private static let folders = ["", "/in", "/in/deep", "/pub", "/pub/sub", "/runs", "/empty", "/pub/deep", "/in/pub", "/pub/empty"]
    private static let names = ["key", "two", "cert", "x", "y", "r", "own", "top", "gone", "late", "n"]
    private static let secrets = [
        "acme/web/priv", "acme/web/word", "acme/web/open", "acme/web/mix", "acme/web/old", "acme/web@prod/copy", "user/own",
    ]
    private static let variables = ["A", "B", "LAST", "PW", "P", "X", "Y", "OLD", "N"]

    private mutating func file() -> String { Self.files + random.pick(Self.folders) + "/" + random.pick(Self.names) }
    private mutating func folder() -> String { Self.files + random.pick(Self.folders) }
    private mutating func variable() -> String { random.pick(Self.secrets) + "/vars/" + random.pick(Self.variables) }
    private mutating func item() -> String { random.chance(70) ? file() : variable() }

    private mutating func next() -> Operation {
        var operation = pick()
        // Within a minute, and behind it: who has just made something is asked less.
        operation.wait = random.chance(30) ? 61_000_000 : 1_000_000
        return operation
    }

    private mutating func pick() -> Operation {
        switch random.below(100) {
        case 0..<10: return ownersWrite()
        case 10..<12: return random.pick(looking)
        case 12..<15: return population.observers.count > 1 ? random.pick(looking).byReader : random.pick(known)
        case 15..<45: return random.pick(known)
        case 45..<60: return .renaming(file(), file())
        case 60..<66: return .renaming(folder(), folder() + "/" + random.pick(["deep", "empty", "sub", "pub"]))
        case 66..<69:
            let secret = random.pick(Self.secrets)
            return .renaming("\(secret)/vars/\(random.pick(Self.variables))", "\(secret)/vars/\(random.pick(Self.variables))")
        case 69..<76: return .removing(random.chance(60) ? item() : random.chance(70) ? folder() : random.pick(Self.secrets))
        case 76..<85: return .restoringAny(random.below(4), to: random.chance(50) ? item() : nil)
        case 85..<90: return write()
        case 90..<93: return .rolling(item(), to: Int64(1 + random.below(3)))
        case 93..<96: return .copying(item(), item(), overwrite: random.chance(70))
        case 96..<98: return .making(folder() + "/" + random.pick(["deep", "empty", "sub"]))
        default: return random.chance(50) ? .unlinking(item()) : .replacing(item())
        }
    }

    private mutating func write() -> Operation {
        let path = random.chance(25) ? random.pick(Self.secrets) + "/env" : item()
        let text =
            path.hasSuffix("/env") ? random.pick(["A=1\n", "\n", "X='\n", "=", "PW=2\nY=3\n"]) : random.pick(["a", "\n", "'", "new"])
        let flags = random.pick([O_WRONLY, O_WRONLY | O_CREAT, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND | O_CREAT, O_RDWR])
        let step: Operation.Step = random.chance(70) ? .write(text, at: random.below(12) - 2) : .truncate(random.below(12) - 2)
        return .writing(
            path, flags, random.chance(50) ? [step] : [step, .write(text, at: random.below(4))], "\(step) with flags \(flags) in")
    }

    /// The same in both worlds, or, where no observer may open it, of each world its own.
    private mutating func ownersWrite() -> Operation {
        let values = Values(seed: random.next())
        let path = item()
        let isVariable = path.contains("/vars/")
        return .change("owner: write \(path)", by: .owner) { owner in
            guard let node = try? owner.world.rows.find(path, home: owner.uid).map({ Int64($0 >> 3) }),
                let parts = Vault.split(.of(path)), let item = parts.item,
                let oracle = try? Oracle(owner.world.rows, observers: [Population.caller, Population.reader])
            else { return }
            let number = oracle.opens(node) ? 0 : owner.world.number
            let value = isVariable ? values.variable(path, in: number) : values.file(path, in: number)
            let change = SecretChange(parts.secret, mode: .update, items: [ItemChange(item, .set(0..<value.count))])
            owner.ask("apply") { vault, caller throws(VaultError) in
                _ = try unsafe vault.apply([change], values: value.span.bytes, by: caller)
            }
        }
    }
}
