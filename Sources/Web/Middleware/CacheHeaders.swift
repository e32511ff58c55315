import Glibc
import Synchronization

extension Response {
    /// Says that the response depends on a request header (Django's `patch_vary_headers`): adds the name unless it is there,
    /// whatever its case, and keeps the order; `*` takes the place of all.
    public mutating func patchVary(_ name: StaticString) {
        patchVary(HeaderField(fixed: "Vary", name.description))
    }

    /// Says that the response depends on the cookies.
    mutating func patchVaryCookie() { patchVary(.varyCookie) }

    private mutating func patchVary(_ field: HeaderField) {
        guard let earlier = headers.first(where: { $0.hasName(of: field) }) else { return set(field) }
        guard earlier != field else { return }
        let (name, present) = (field.value, earlier.value)
        var names = Array(present.utf8)[...].lazySplit(on: UInt8(ascii: ",")).map {
            String(decoding: $0.trimmingBlanks, as: UTF8.self)
        }
        if !names.contains(where: { HeaderField(fixed: $0, "").isNamed(name) }) { names.append(name) }
        set(HeaderField(fixed: "Vary", names.contains("*") ? "*" : names.joined(separator: ", ")))
    }

    /// Keeps every cache from storing the response (Django's `add_never_cache_headers`).
    public mutating func addNeverCacheHeaders() {
        setDefault(.expiring(at: Int64(time(nil))))
        set(.neverCache)
    }
}

extension HeaderField {
    fileprivate static let varyCookie = HeaderField(fixed: "Vary", "Cookie")

    private static let expires = Mutex((unixSeconds: Int64.min, field: HeaderField(fixed: "Expires", "0")))

    /// `Expires` with this date, which is written once a second.
    fileprivate static func expiring(at unixSeconds: Int64) -> HeaderField {
        expires.withLock { last in
            if last.unixSeconds != unixSeconds {
                last = (unixSeconds, HeaderField(fixed: "Expires", HTTPDate.format(unixSeconds)))
            }
            return last.field
        }
    }
}
