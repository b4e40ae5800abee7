// fuzz: Sources/Secrets
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as an ACL attribute, and as what somebody sets on a folder and an item with grants: nothing may trap, and
/// what was taken must be shown afterwards without asking for a further change.
@c(LLVMFuzzerTestOneInput)
public func fuzzPosixACL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let acl = try? PosixACL.parse(bytes.span.bytes) else { return 0 }
    precondition(acl.serialize().count == bytes.count)
    precondition((try? PosixACL.parse(acl.serialize().span.bytes)) == acl)

    let levels = [
        [Grant(.user(0), .read), Grant(.group(0), .write), Grant(.user(1), .all)],
        [Grant(.user(2), [.read, .write]), Grant(.group(1), .list)],
    ]
    for kind in [NodeKind.project, .variable, .root, .home] {
        let subject = Subject(realm: .tree, kind: kind, levels: levels)
        let below = [Principal.user(3), .group(3)]
        if let changes = try? grantChanges(setting: acl, isDefault: false, on: ACLContext(subject, below: below)) {
            let after = applying(changes, to: subject)
            let shown = shownAccessACL(after, below: below)
            precondition((try? grantChanges(setting: shown, isDefault: false, on: ACLContext(after, below: below))) == [])
        }
        if let changes = try? grantChanges(setting: acl, isDefault: true, on: ACLContext(subject)) {
            let after = applying(changes, to: subject)
            precondition((try? grantChanges(setting: shownDefaultACL(after), isDefault: true, on: ACLContext(after))) == [])
        }
    }
    return 0
}

private func applying(_ changes: [GrantChange], to subject: Subject) -> Subject {
    let changed = Set(changes.map(\.principal))
    let own =
        subject.levels[0].filter { !changed.contains($0.principal) }
        + changes.filter { !$0.newDirectRights.isEmpty }.map { Grant($0.principal, $0.newDirectRights) }
    return Subject(realm: subject.realm, kind: subject.kind, levels: [own] + subject.levels.dropFirst())
}
