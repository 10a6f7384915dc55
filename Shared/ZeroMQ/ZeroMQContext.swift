// The wrapper of libzmq.
//
// Purpose: sockets that cannot be misused. A `Socket` belongs to one thread: it is not Sendable, it is made inside an
// actor whose executor is a `SocketThread`, and so the compiler proves that nothing else touches it. State owned here:
// the libzmq context, its sockets, and the thread. What the frames mean is no matter of this module (see MessageBus).
//
// A new socket option goes to `SocketOptions`; a new call of libzmq to the class that owns the handle it works on.

import CZeroMQ
import Glibc

/// A libzmq context: its I/O threads and the registry of `inproc://` names.
///
/// Frees the context in `deinit`, which waits for its sockets to close: every `Socket` keeps its context alive, so that
/// the wait ends as soon as the last one has been freed (after its LINGER).
package final class ZeroMQContext: @unchecked Sendable {
    // Safe to share: zmq.h documents contexts as thread-safe, and the pointer never changes.
    let handle: UnsafeMutableRawPointer

    /// Makes a context.
    ///
    /// - Parameter ioThreads: threads that move bytes; one is enough for about a gigabyte a second.
    package init(ioThreads: Int = 1) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else { throw .last("zmq_ctx_new") }
        guard zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(clamping: ioThreads)) == 0 else {
            let error = ZeroMQError.last("set the number of I/O threads to \(ioThreads)")
            zmq_ctx_term(handle)
            throw error
        }
        self.handle = handle
    }

    deinit {
        // A signal may interrupt the wait for lingering sockets; the documented answer is to call again.
        while zmq_ctx_term(handle) == -1, zmq_errno() == EINTR {}
    }
}
