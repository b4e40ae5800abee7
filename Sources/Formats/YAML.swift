// SPDX-License-Identifier: MIT

internal import CYAML
internal import Glibc
internal import Linux
internal import Secrets

/// Reads YAML by libyaml: mappings, sequences and scalars. Anchors, aliases and tags are refused, and so is a key that is twice in a
/// mapping or no scalar.
enum YAML {
    static let maximumDepth = 16
    static let maximumNodes = 65536
    static let maximumDocuments = 256

    /// The documents of a text, those without anything in them left out. Scalars are added to `scalars`.
    static func documents(_ text: RawSpan, _ scalars: inout LockedBuffer) throws(FormatError) -> [TextNode] {
        try unsafe text.withUnsafeBytes { bytes throws(FormatError) in
            var composer = try unsafe YAMLComposer(reading: bytes)
            return try composer.documents(&scalars)
        }
    }
}

/// Owner of a parser of libyaml.
@safe
private struct YAMLComposer: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeRawBufferPointer
    private var nodes = 0
    private var position = CharacterPosition()

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

    mutating func documents(_ scalars: inout LockedBuffer) throws(FormatError) -> [TextNode] {
        var documents: [TextNode] = []
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

    private mutating func node(_ event: Event, depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> TextNode {
        nodes += 1
        guard nodes <= YAML.maximumNodes else { throw .tooLarge("it has more than \(YAML.maximumNodes) parts") }
        guard depth < YAML.maximumDepth else { throw .malformed(event.place, "more than \(YAML.maximumDepth) levels") }
        switch event.kind {
        case .scalar(let range, let isPlain):
            var node = TextNode(content: .scalar(range, isPlain: isPlain), place: event.place)
            node.isCut = event.isCut
            return node
        case .sequenceStart:
            let start = event.place
            var elements: [TextNode] = []
            while true {
                let event = try next(&scalars)
                // libyaml says of a list that it begins where its first element ends.
                if case .sequenceEnd = event.kind {
                    return TextNode(content: .sequence(elements), place: elements.first?.place ?? start)
                }
                elements.append(try node(event, depth: depth + 1, &scalars))
            }
        case .mappingStart:
            return TextNode(content: .mapping(try fields(depth, &scalars)), place: event.place)
        default: throw .malformed(event.place, "a value is missing")
        }
    }

    private mutating func fields(_ depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> [TextField] {
        var fields: [TextField] = []
        var keys = TextKeys()
        while true {
            let event = try next(&scalars)
            if case .mappingEnd = event.kind { return fields }
            guard case .scalar(let key, _) = event.kind else { throw .malformed(event.place, "a key must be a name") }
            guard keys.insert(key, scalars) else { throw .malformed(event.place, "a key that was there before") }
            fields.append(TextField(key: key, place: event.place, value: try node(try next(&scalars), depth: depth + 1, &scalars)))
        }
    }

    /// The next event of libyaml.
    private struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd
            case scalar(Range<Int>, isPlain: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        }

        let kind: Kind
        let place: TextPlace
        /// Of a scalar without quotes: whether ` #` ended it.
        var isCut = false
    }

    private mutating func next(_ scalars: inout LockedBuffer) throws(FormatError) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        // Frees the event, by functions that wipe what they free.
        defer { unsafe yaml_event_delete(&event) }
        let place = Self.place(unsafe event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, place: place)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return Event(kind: .streamEnd, place: place)
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, place: place)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, place: place)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try check(unsafe scalar.anchor == nil, unsafe scalar.tag == nil, place)
            let start = scalars.count
            try scalars.add(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: scalar.value, count: Int(scalar.length))))
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            let isCut = isPlain && isComment(after: unsafe event.end_mark)
            return Event(kind: .scalar(start..<scalars.count, isPlain: isPlain), place: place, isCut: isCut)
        case YAML_SEQUENCE_START_EVENT:
            try check(unsafe event.data.sequence_start.anchor == nil, unsafe event.data.sequence_start.tag == nil, place)
            return Event(kind: .sequenceStart, place: place)
        case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, place: place)
        case YAML_MAPPING_START_EVENT:
            try check(unsafe event.data.mapping_start.anchor == nil, unsafe event.data.mapping_start.tag == nil, place)
            return Event(kind: .mappingStart, place: place)
        case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, place: place)
        default: throw .malformed(place, "an alias (*name), which is not taken")
        }
    }

    /// Whether a comment follows in the same line. Marks count characters.
    private mutating func isComment(after mark: yaml_mark_t) -> Bool {
        unsafe position.move(to: Int(clamping: mark.index), in: text)
        var offset = position.offset
        while unsafe offset < text.count, unsafe text[offset] == UInt8(ascii: " ") || text[offset] == UInt8(ascii: "\t") { offset += 1 }
        return unsafe offset > position.offset && offset < text.count && text[offset] == UInt8(ascii: "#")
    }

    private func check(_ hasNoAnchor: Bool, _ hasNoTag: Bool, _ place: TextPlace) throws(FormatError) {
        guard hasNoAnchor else { throw .malformed(place, "an anchor (&name), which is not taken") }
        guard hasNoTag else { throw .malformed(place, "a tag (!name), which is not taken") }
    }

    /// Lines and columns of libyaml count from 0.
    private static func place(_ mark: yaml_mark_t) -> TextPlace {
        TextPlace(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }

    /// The error that libyaml reports. Its words are constants.
    private func failure() -> FormatError {
        let error = unsafe parser.pointee.error
        switch error {
        case YAML_MEMORY_ERROR: return .memory(.outOfMemory)
        case YAML_READER_ERROR:
            let end = unsafe min(text.count, Int(clamping: parser.pointee.problem_offset))
            let before = unsafe text.prefix(end)
            let lines = unsafe before.count { $0 == UInt8(ascii: "\n") }
            let start = unsafe before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            return .malformed(TextPlace(line: lines + 1, column: end - start + 1), "a byte or a character that YAML does not have")
        default:
            let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "no YAML"
            return .malformed(Self.place(unsafe parser.pointee.problem_mark), words)
        }
    }
}
