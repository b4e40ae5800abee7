// SPDX-License-Identifier: MIT

/// A queue: first in, first out.
package struct Queue<Element> {
    private var elements: [Element?] = []
    private var start = 0

    package init() {}

    package var count: Int { elements.count - start }
    package var first: Element? { count > 0 ? elements[start] : nil }

    package mutating func append(_ element: Element) { elements.append(element) }

    package mutating func removeFirst() {
        guard count > 0 else { return }
        elements[start] = nil
        start += 1
        guard start >= 64, start * 2 >= elements.count else { return }
        elements.removeFirst(start)
        start = 0
    }
}
