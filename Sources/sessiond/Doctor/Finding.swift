/// What the doctor says of one subject.
struct Finding: CustomStringConvertible {
    enum Verdict: Equatable {
        case ok
        /// Right, but worth knowing.
        case note(String)
        /// What is wrong, and how to mend it.
        case problem(String)
    }

    let subject: String
    let verdict: Verdict

    init(_ subject: String, _ verdict: Verdict = .ok) {
        self.subject = subject
        self.verdict = verdict
    }

    var isProblem: Bool { if case .problem = verdict { true } else { false } }

    var description: String {
        switch verdict {
        case .ok: "\(subject): ok"
        case .note(let text): "\(subject): ok; \(text)"
        case .problem(let text): "\(subject): \(text)"
        }
    }
}
