/// The opcodes of Python's `pickletools` that plain data needs. Those that call, import or refer outside are not here.
enum PickleOpcode {
    static let proto: UInt8 = 0x80
    static let frame: UInt8 = 0x95
    static let stop = UInt8(ascii: ".")
    static let mark = UInt8(ascii: "(")

    static let none = UInt8(ascii: "N")
    static let newTrue: UInt8 = 0x88
    static let newFalse: UInt8 = 0x89
    static let int = UInt8(ascii: "I")
    static let binInt = UInt8(ascii: "J")
    static let binInt1 = UInt8(ascii: "K")
    static let binInt2 = UInt8(ascii: "M")
    static let long = UInt8(ascii: "L")
    static let long1: UInt8 = 0x8A
    static let long4: UInt8 = 0x8B
    static let float = UInt8(ascii: "F")
    static let binFloat = UInt8(ascii: "G")

    static let unicode = UInt8(ascii: "V")
    static let binUnicode = UInt8(ascii: "X")
    static let shortBinUnicode: UInt8 = 0x8C
    static let binUnicode8: UInt8 = 0x8D
    static let binBytes = UInt8(ascii: "B")
    static let shortBinBytes = UInt8(ascii: "C")
    static let binBytes8: UInt8 = 0x8E
    static let byteArray8: UInt8 = 0x96

    static let emptyList = UInt8(ascii: "]")
    static let list = UInt8(ascii: "l")
    static let append = UInt8(ascii: "a")
    static let appends = UInt8(ascii: "e")
    static let emptyTuple = UInt8(ascii: ")")
    static let tuple = UInt8(ascii: "t")
    static let tuple1: UInt8 = 0x85
    static let tuple2: UInt8 = 0x86
    static let tuple3: UInt8 = 0x87
    static let emptyDict = UInt8(ascii: "}")
    static let dict = UInt8(ascii: "d")
    static let setItem = UInt8(ascii: "s")
    static let setItems = UInt8(ascii: "u")

    static let get = UInt8(ascii: "g")
    static let binGet = UInt8(ascii: "h")
    static let longBinGet = UInt8(ascii: "j")
    static let put = UInt8(ascii: "p")
    static let binPut = UInt8(ascii: "q")
    static let longBinPut = UInt8(ascii: "r")
    static let memoize: UInt8 = 0x94

    static let global = UInt8(ascii: "c")
    static let stackGlobal: UInt8 = 0x93
    static let reduce = UInt8(ascii: "R")

    /// What an opcode that is refused is called in errors.
    static let refusedNames: [UInt8: String] = [
        UInt8(ascii: "0"): "POP", UInt8(ascii: "1"): "POP_MARK", UInt8(ascii: "2"): "DUP",
        UInt8(ascii: "P"): "PERSID", UInt8(ascii: "Q"): "BINPERSID", UInt8(ascii: "S"): "STRING",
        UInt8(ascii: "T"): "BINSTRING", UInt8(ascii: "U"): "SHORT_BINSTRING", UInt8(ascii: "b"): "BUILD",
        UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ", 0x81: "NEWOBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
        0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x92: "NEWOBJ_EX", 0x97: "NEXT_BUFFER",
        0x98: "READONLY_BUFFER",
    ]
}
