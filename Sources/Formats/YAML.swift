internal import CYAML
internal import Glibc
internal import Linux
internal import Secrets

/// A node of a YAML document. Scalars lie in a buffer beside, and are strings whatever they look like.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: not in quotes, and not as a block.
        case scalar(Range<Int>, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLField])
    }

    let content: Content
    /// Where it begins, from 1.
    let line: Int
}

/// A key of a mapping, a scalar, and what it has.
struct YAMLField: Sendable {
    let key: Range<Int>
    let line: Int
    let value: YAMLNode
}

/// Reads YAML by libyaml: mappings, sequences and scalars. Anchors, aliases and tags are refused, and so is a key that is twice in a
/// mapping or no scalar.
enum YAML {
    static let maximumDepth = 16
    static let maximumNodes = 65536
    static let maximumDocuments = 256

    /// The documents of a text, those without anything in them left out. Scalars are added to `scalars`.
    static func documents(_ text: borrowing LockedBuffer, _ scalars: inout LockedBuffer) throws(FormatError) -> [YAMLNode] {
        try text.withBytes { text throws(FormatError) in
            // A byte order mark, which some editors begin a text with, means nothing: the encoding is UTF-8 either way.
            let hasMark = [0xEF, 0xBB, 0xBF].enumerated().allSatisfy { text.byte(at: $0.offset) == $0.element }
            return try unsafe text.extracting(droppingFirst: hasMark ? 3 : 0).withUnsafeBytes { bytes throws(FormatError) in
                var composer = try unsafe YAMLComposer(reading: bytes)
                return try composer.documents(&scalars)
            }
        }
    }
}

/// Owner of a parser of libyaml.
@safe
private struct YAMLComposer: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeRawBufferPointer
    private var nodes = 0

    /// The text must stay where it is as long as this lives.
    @unsafe init(reading text: UnsafeRawBufferPointer) throws(FormatError) {
        let served = YAMLMemory.served
        unsafe parser = .allocate(capacity: 1)
        unsafe self.text = text
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw .memory(.outOfMemory)
        }
        // Its buffers were the first that it took.
        guard YAMLMemory.served != served else {
            unsafe yaml_parser_delete(parser)
            unsafe parser.deallocate()
            throw .unfit("libyaml takes its memory from elsewhere, and may not be given a value")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    mutating func documents(_ scalars: inout LockedBuffer) throws(FormatError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        while true {
            let event = try next(&scalars)
            switch event.kind {
            case .streamStart, .documentStart, .documentEnd: continue
            case .streamEnd: return documents
            default: break
            }
            let node = try node(event, depth: 0, &scalars)
            if case .scalar(let range, true) = node.content, range.isEmpty { continue }
            guard documents.count < YAML.maximumDocuments else { throw .tooLarge("it has more than \(YAML.maximumDocuments) documents") }
            documents.append(node)
        }
    }

    private mutating func node(_ event: Event, depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> YAMLNode {
        nodes += 1
        guard nodes <= YAML.maximumNodes else { throw .tooLarge("it has more than \(YAML.maximumNodes) parts") }
        guard depth < YAML.maximumDepth else { throw .malformed(line: event.line, problem: "more than \(YAML.maximumDepth) levels") }
        switch event.kind {
        case .scalar(let range, let isPlain): return YAMLNode(content: .scalar(range, isPlain: isPlain), line: event.line)
        case .sequenceStart:
            let start = event.line
            var elements: [YAMLNode] = []
            while true {
                let event = try next(&scalars)
                // libyaml says of a list that it begins where its first element ends.
                if case .sequenceEnd = event.kind {
                    return YAMLNode(content: .sequence(elements), line: elements.first?.line ?? start)
                }
                elements.append(try node(event, depth: depth + 1, &scalars))
            }
        case .mappingStart:
            return YAMLNode(content: .mapping(try fields(depth, &scalars)), line: event.line)
        default: throw .malformed(line: event.line, problem: "a value is missing")
        }
    }

    private mutating func fields(_ depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> [YAMLField] {
        var fields: [YAMLField] = []
        var keys: Set<[UInt8]> = []
        while true {
            let event = try next(&scalars)
            if case .mappingEnd = event.kind { return fields }
            guard case .scalar(let key, _) = event.kind, key.count <= Name.maximumLength else {
                throw .malformed(line: event.line, problem: "a key must be a name")
            }
            guard keys.insert(scalars.withBytes { $0.publicBytes(key) }).inserted else {
                throw .malformed(line: event.line, problem: "a key that was there before")
            }
            fields.append(YAMLField(key: key, line: event.line, value: try node(try next(&scalars), depth: depth + 1, &scalars)))
        }
    }

    /// What libyaml saw next.
    private struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd
            case scalar(Range<Int>, isPlain: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        }

        let kind: Kind
        let line: Int
    }

    private mutating func next(_ scalars: inout LockedBuffer) throws(FormatError) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        // Frees the event, by functions that wipe what they free.
        defer { unsafe yaml_event_delete(&event) }
        let line = Self.line(unsafe event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, line: line)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return Event(kind: .streamEnd, line: line)
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, line: line)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, line: line)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try check(unsafe scalar.anchor == nil, unsafe scalar.tag == nil, line)
            let start = scalars.count
            try scalars.add(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: scalar.value, count: Int(scalar.length))))
            return Event(kind: .scalar(start..<scalars.count, isPlain: unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE), line: line)
        case YAML_SEQUENCE_START_EVENT:
            try check(unsafe event.data.sequence_start.anchor == nil, unsafe event.data.sequence_start.tag == nil, line)
            return Event(kind: .sequenceStart, line: line)
        case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, line: line)
        case YAML_MAPPING_START_EVENT:
            try check(unsafe event.data.mapping_start.anchor == nil, unsafe event.data.mapping_start.tag == nil, line)
            return Event(kind: .mappingStart, line: line)
        case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, line: line)
        default: throw .malformed(line: line, problem: "an alias (*name), which is not taken")
        }
    }

    private func check(_ hasNoAnchor: Bool, _ hasNoTag: Bool, _ line: Int) throws(FormatError) {
        guard hasNoAnchor else { throw .malformed(line: line, problem: "an anchor (&name), which is not taken") }
        guard hasNoTag else { throw .malformed(line: line, problem: "a tag (!name), which is not taken") }
    }

    /// Lines of libyaml count from 0.
    private static func line(_ mark: yaml_mark_t) -> Int { Int(clamping: mark.line) &+ 1 }

    /// What libyaml objects to. Its words are constants.
    private func failure() -> FormatError {
        let error = unsafe parser.pointee.error
        switch error {
        case YAML_MEMORY_ERROR: return .memory(.outOfMemory)
        case YAML_READER_ERROR:
            let end = unsafe min(text.count, Int(clamping: parser.pointee.problem_offset))
            let lines = unsafe text.prefix(end).count { $0 == UInt8(ascii: "\n") }
            return .malformed(line: lines + 1, problem: "a byte or a character that YAML does not have")
        default:
            let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "no YAML"
            return .malformed(line: Self.line(unsafe parser.pointee.problem_mark), problem: words)
        }
    }
}
