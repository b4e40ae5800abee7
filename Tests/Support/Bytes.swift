// SPDX-License-Identifier: MIT

/// The bytes of a text.
package func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Bytes as a text.
package func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
