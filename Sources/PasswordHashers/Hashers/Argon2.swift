import CArgon2
import DjangoFormat
import Glibc

/// `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`, both in base64 without padding (`Argon2PasswordHasher`). Without `v`
/// it is of version 16.
struct Argon2: PasswordHash {
    /// In KiB.
    private static let memoryLimit = 1 << 20
    /// KiB times passes; twenty times what Django 5.2 asks for, about five seconds.
    private static let workLimit = 20 * 102_400 * 2

    private let type: Argon2_type
    private let version: Int
    private let (memory, passes, lanes): (Int, Int, Int)
    private let salt: [UInt8]
    var hash: [UInt8]

    init(_ text: ArraySlice<UInt8>) throws(PasswordRefusal) {
        var fields = text.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        var version = 16
        if fields.count == 5 {
            guard let number = Self.value(of: "v=", fields.remove(at: 1)) else { throw .malformed(.argon2) }
            version = number
        }
        guard fields.count == 4, version == 16 || version == 19, let type = Self.type(fields[0]),
            case let costs = fields[1].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false),
            costs.count == 3, let memory = Self.value(of: "m=", costs[0]), let passes = Self.value(of: "t=", costs[1]),
            let lanes = Self.value(of: "p=", costs[2]), let salt = Self.bytes(fields[2]), salt.count >= 8,
            Self.byteCount(fields[3]) >= 4
        else { throw .malformed(.argon2) }
        guard memory <= Self.memoryLimit, Fields.product(memory, passes) <= Self.workLimit else {
            throw .tooCostly(.argon2)
        }
        guard lanes <= memory / 8 else { throw .malformed(.argon2) }
        (self.type, self.version) = (type, version)
        (self.memory, self.passes, self.lanes) = (memory, passes, lanes)
        (self.salt, hash) = (salt, Array(fields[3]))
    }

    var cost: HashCost {
        HashCost(hasher: .argon2, parameters: [Int(type.rawValue), version, memory, passes, lanes])
    }

    /// One thread fills all lanes, however many there are, so that a pool of threads is as wide as it says.
    func matches(_ password: RawPassword) throws(HashingError) -> Bool {
        var (key, salt) = ([UInt8](repeating: 0, count: Self.byteCount(hash[...])), salt)
        let (keyCount, saltCount) = (UInt32(clamping: key.count), UInt32(clamping: salt.count))
        let code = password.withBytes { password in
            key.withUnsafeMutableBufferPointer { key in
                salt.withUnsafeMutableBufferPointer { salt in
                    var context = argon2_context()
                    (context.out, context.outlen) = (key.baseAddress, keyCount)
                    // It is written to only under a flag that is not set.
                    context.pwd = UnsafeMutableRawPointer(mutating: password.baseAddress)?.assumingMemoryBound(
                        to: UInt8.self)
                    context.pwdlen = UInt32(clamping: password.count)
                    (context.salt, context.saltlen) = (salt.baseAddress, saltCount)
                    (context.t_cost, context.m_cost) = (UInt32(clamping: passes), UInt32(clamping: memory))
                    (context.lanes, context.threads) = (UInt32(clamping: lanes), 1)
                    context.version = UInt32(clamping: version)
                    (context.allocate_cbk, context.free_cbk) = (mapMemory, unmapMemory)
                    return argon2_ctx(&context, type)
                }
            }
        }
        guard code == ARGON2_OK.rawValue else { throw HashingError(hasher: .argon2) }
        return Fields.equal(Self.unpadded(Fields.base64(key)), hash)
    }

    private static func type(_ name: ArraySlice<UInt8>) -> Argon2_type? {
        switch String(decoding: name, as: UTF8.self) {
        case "argon2id": Argon2_id
        case "argon2i": Argon2_i
        case "argon2d": Argon2_d
        default: nil
        }
    }

    private static func value(of name: StaticString, _ field: ArraySlice<UInt8>) -> Int? {
        let name = name.withUTF8Buffer { Array($0) }
        return field.starts(with: name) ? Fields.number(field.dropFirst(name.count)) : nil
    }

    /// How many bytes base64 without padding stands for, 0 for a length that it cannot have.
    private static func byteCount(_ text: ArraySlice<UInt8>) -> Int {
        text.count % 4 == 1 ? 0 : text.count / 4 * 3 + max(text.count % 4 - 1, 0)
    }

    /// Only the one text that stands for the bytes is read, as libargon2 does.
    private static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let bytes = Base64URL.decode(Array(text)), unpadded(Fields.base64(bytes)).elementsEqual(text) else {
            return nil
        }
        return bytes
    }

    private static func unpadded(_ text: [UInt8]) -> [UInt8] { text.filter { $0 != UInt8(ascii: "=") } }
}

/// Memory for one hash, a hundred megabytes, which goes back to the kernel with the hash and not into an allocator's store.
private func mapMemory(_ memory: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ count: Int) -> Int32 {
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, mapped != MAP_FAILED else { return -1 }
    memory.pointee = mapped?.assumingMemoryBound(to: UInt8.self)
    return 0
}

private func unmapMemory(_ memory: UnsafeMutablePointer<UInt8>?, _ count: Int) { munmap(memory, count) }
