// SPDX-License-Identifier: MIT

/// Suggestions of words that somebody may have meant.
enum Suggestion {
    /// The candidate that is nearest to a word, if one is so near that it can be a slip: a letter wrong, left out, too many or
    /// swapped with the next, in every three.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.count <= 64 else { return nil }
        let near = candidates.map { (distance: distance(word, $0), candidate: $0) }
            .filter { $0.distance <= max(1, min(word.count, $0.candidate.count) / 3) }
        return near.min { $0.distance < $1.distance }?.candidate
    }

    /// `did you mean create?`, if there is such a candidate.
    static func hint(for word: String, among candidates: [String]) -> String? {
        nearest(to: word, among: candidates).map { "did you mean \($0)?" }
    }

    /// How many letters must be replaced, left out, put in or swapped with the next to make one of the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var line = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var least = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                line.append(least)
            }
            beforeLast = last
            last = line
        }
        return last[right.count]
    }
}
