/// Runs the opcodes of a pickle that build plain data, on a stack and a memo as `pickle.Unpickler` has them.
///
/// What is on the stack are places in a list of nodes, because a list is memoized before it is filled; the values are
/// made from the nodes when all opcodes have run.
struct PickleReader {
    var position = 0
    var nodes = PickleNodes()
    private var stack: [Int32] = []
    /// How high the stack was at each mark.
    private var marks: [Int] = []
    private var memo: [Int32] = []

    static func read(_ bytes: Span<UInt8>) throws(PickleError) -> JSONValue {
        var reader = PickleReader()
        while true {
            let opcode = try reader.byte(bytes)
            if opcode == PickleOpcode.stop { break }
            try reader.run(opcode, bytes)
        }
        guard reader.position == bytes.count, reader.marks.isEmpty, reader.stack.count == 1,
            let root = reader.stack.last
        else { throw reader.error(.malformed) }
        return try reader.nodes.value(root, offset: reader.position)
    }

    private mutating func run(_ opcode: UInt8, _ bytes: Span<UInt8>) throws(PickleError) {
        switch opcode {
        case PickleOpcode.proto:
            guard position == 1, try byte(bytes) <= 5 else { throw error(.malformed) }
        case PickleOpcode.frame:
            guard try integer(UInt64.self, bytes) <= UInt64(bytes.count - position) else { throw error(.malformed) }
        case PickleOpcode.mark:
            guard marks.count < 2 * JSON.maximumDepth else { throw error(.nestedTooDeeply) }
            marks.append(stack.count)

        case PickleOpcode.emptyList: try push(PickleNodes.Node(.list))
        case PickleOpcode.emptyDict: try push(PickleNodes.Node(.dictionary))
        case PickleOpcode.list: try push(PickleNodes.Node(.list, try popToMark()))
        case PickleOpcode.dict: try push(PickleNodes.Node(.dictionary, try pairs(try popToMark())))
        case PickleOpcode.append: try add([try pop()], to: .list)
        case PickleOpcode.appends: try add(try popToMark(), to: .list)
        case PickleOpcode.setItem:
            let value = try pop()
            try add([try pop(), value], to: .dictionary)
        case PickleOpcode.setItems: try add(try pairs(try popToMark()), to: .dictionary)

        case PickleOpcode.emptyTuple: try push(PickleNodes.Node(.tuple))
        case PickleOpcode.tuple: try push(PickleNodes.Node(.tuple, try popToMark()))
        case PickleOpcode.tuple1: try pushTuple(of: 1)
        case PickleOpcode.tuple2: try pushTuple(of: 2)
        case PickleOpcode.tuple3: try pushTuple(of: 3)

        case PickleOpcode.get: try recall(try number(bytes))
        case PickleOpcode.binGet: try recall(Int(try byte(bytes)))
        case PickleOpcode.longBinGet: try recall(Int(try integer(UInt32.self, bytes)))
        case PickleOpcode.put: try memoize(try number(bytes))
        case PickleOpcode.binPut: try memoize(Int(try byte(bytes)))
        case PickleOpcode.longBinPut: try memoize(Int(try integer(UInt32.self, bytes)))
        case PickleOpcode.memoize: try memoize(memo.count)

        case PickleOpcode.global:
            let module = try string(try line(bytes), bytes)
            try pushCallable(module, try string(try line(bytes), bytes))
        case PickleOpcode.stackGlobal:
            guard case .string(let name)? = nodes.scalar(try pop()), case .string(let module)? = nodes.scalar(try pop())
            else { throw error(.malformed) }
            try pushCallable(module, name)
        case PickleOpcode.reduce:
            let arguments = try pop()
            guard let value = nodes.call(try pop(), arguments) else { throw error(.malformed) }
            try push(PickleNodes.Node(value))

        default:
            guard let scalar = try scalar(opcode, bytes) else {
                guard let name = PickleOpcode.refusedNames[opcode] else { throw error(.malformed) }
                throw error(.refused("the opcode \(name)"))
            }
            try push(PickleNodes.Node(scalar))
        }
    }
}

// MARK: Stack and memo

extension PickleReader {
    func error(_ reason: PickleError.Reason) -> PickleError { PickleError(reason, at: position) }

    private mutating func push(_ node: PickleNodes.Node) throws(PickleError) {
        guard let place = nodes.add(node) else { throw error(.tooLarge) }
        stack.append(place)
    }

    /// Takes the topmost value, which no mark lies upon.
    private mutating func pop() throws(PickleError) -> Int32 {
        guard stack.count > marks.last ?? 0, let top = stack.popLast() else { throw error(.malformed) }
        return top
    }

    private mutating func popToMark() throws(PickleError) -> [Int32] {
        guard let height = marks.popLast() else { throw error(.malformed) }
        let items = Array(stack[height...])
        stack.removeSubrange(height...)
        return items
    }

    private mutating func pushTuple(of count: Int) throws(PickleError) {
        var items: [Int32] = []
        for _ in 0..<count { items.append(try pop()) }
        try push(PickleNodes.Node(.tuple, items.reversed()))
    }

    private func pairs(_ items: [Int32]) throws(PickleError) -> [Int32] {
        guard items.count.isMultiple(of: 2) else { throw error(.malformed) }
        return items
    }

    /// Adds to the container on top of the stack.
    private mutating func add(_ items: [Int32], to kind: PickleNodes.Kind) throws(PickleError) {
        guard stack.count > marks.last ?? 0, let top = stack.last, nodes.append(items, to: top, kind) else {
            throw error(.malformed)
        }
    }

    /// CPython numbers the memo in order.
    private mutating func memoize(_ index: Int) throws(PickleError) {
        guard stack.count > marks.last ?? 0, let top = stack.last, (0...memo.count).contains(index),
            index < Pickle.maximumValues
        else { throw error(.malformed) }
        if index == memo.count { memo.append(top) } else { memo[index] = top }
    }

    private mutating func recall(_ index: Int) throws(PickleError) {
        guard memo.indices.contains(index) else { throw error(.malformed) }
        stack.append(memo[index])
    }

    private mutating func pushCallable(_ module: JSONString, _ name: JSONString) throws(PickleError) {
        guard let callable = PickleCallable(module: module, name: name) else {
            throw error(.refused("the name \(PickleCallable.readable(module)).\(PickleCallable.readable(name))"))
        }
        try push(PickleNodes.Node(.callable(callable)))
    }
}
