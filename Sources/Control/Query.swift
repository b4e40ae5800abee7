// SPDX-License-Identifier: MIT

internal import CMicroHTTPD

/// The parameters of a request, each at most once.
struct Query {
    private var values: [String: [UInt8]] = [:]

    init() {}

    /// Throws a refusal for names that are not `allowed`, for names given twice, and for one without a value.
    init(_ parameters: [(name: [UInt8], value: [UInt8]?)], allowed: Set<String>) throws(Refused) {
        for (name, value) in parameters {
            let name = String(decoding: name, as: UTF8.self)
            guard allowed.contains(name) else {
                let known = allowed.isEmpty ? "none is" : "known are " + allowed.sorted().joined(separator: ", ")
                throw .invalid("a parameter is not known here (\(known))")
            }
            guard let value, values[name] == nil else { throw .invalid("parameter \(name) needs one value") }
            values[name] = value
        }
    }

    subscript(name: String) -> [UInt8]? { values[name] }
}

/// The parameters in the query of a request, taken apart and percent-decoded by the HTTP library, in their order.
func parameters(of connection: OpaquePointer) -> [(name: [UInt8], value: [UInt8]?)] {
    var parameters: [(name: [UInt8], value: [UInt8]?)] = []
    unsafe withUnsafeMutablePointer(to: &parameters) { parameters in
        _ = unsafe MHD_get_connection_values_n(
            connection, .GET_ARGUMENT_KIND,
            { context, _, key, keySize, value, valueSize in
                let parameters = unsafe context?.assumingMemoryBound(to: [(name: [UInt8], value: [UInt8]?)].self)
                let name = unsafe [UInt8](UnsafeRawBufferPointer(start: key, count: key == nil ? 0 : keySize))
                let bytes = unsafe value.map { unsafe [UInt8](UnsafeRawBufferPointer(start: $0, count: valueSize)) }
                unsafe parameters?.pointee.append((name, bytes))
                return .YES
            }, parameters)
    }
    return parameters
}
