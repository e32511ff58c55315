import CUnistring
import Glibc

/// The username as it is stored and looked up (`AbstractBaseUser.normalize_username`): in Unicode's form NFKC, so that
/// letters that look the same are the same.
public func normalizeUsername(_ username: String) -> String {
    if username.utf8.allSatisfy({ $0 < 0x80 }) { return username }
    var username = username
    return username.withUTF8 { text in
        var count = 0
        guard let normalized = u8_normalize(uninorm_NFKC(), text.baseAddress, text.count, nil, &count) else {
            return String(decoding: text, as: UTF8.self)
        }
        defer { free(normalized) }
        return String(decoding: UnsafeBufferPointer(start: normalized, count: count), as: UTF8.self)
    }
}
