import BusContract
import Glibc
import Logging
import MessageBus
import ServiceKit

// Our side of the bus's benchmarks: publisher, subscriber, caller and worker through the asynchronous API, against the
// real `bus` process. Roles and output are those of peers/bus_peer.c.
//
//   bench-bus publish FOLDER COUNT WINDOW SHARED
//   bench-bus publish-together FOLDER COUNT WINDOW SHARED
//   bench-bus subscribe FOLDER COUNT SHARED
//   bench-bus ask FOLDER COUNT
//   bench-bus ask-from-task FOLDER COUNT
//   bench-bus answer FOLDER
//   bench-bus serve FOLDER
//   bench-bus work FOLDER CAPACITY MILLISECONDS
//   bench-bus load FOLDER CALLERS SECONDS
//
// With ENSEMBLE_BUS set they go there, with the keys of BUS_KEYS, and not to the folder.

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("bench-bus publish|publish-together|subscribe|ask|ask-from-task|answer|serve|work|load FOLDER …")
    exit(64)
}
LoggingSystem.bootstrap { label in
    var handler = StreamLogHandler.standardError(label: label)
    handler.logLevel = .warning
    return handler
}
let endpoints = BusEndpoints.ipc(directory: arguments[2])
do {
    switch (arguments[1], arguments.count) {
    case ("publish", 6), ("publish-together", 6):
        try await publish(
            endpoints,
            count: Int(arguments[3]) ?? 0,
            window: Int(arguments[4]) ?? 0,
            shared: SharedCounter(arguments[5]),
            together: arguments[1] == "publish-together"
        )
    case ("subscribe", 5):
        try await subscribe(endpoints, count: Int(arguments[3]) ?? 0, shared: SharedCounter(arguments[4]))
    case ("ask", 4): try await ask(endpoints, count: Int(arguments[3]) ?? 0)
    case ("ask-from-task", 4): try await askFromTask(endpoints, count: Int(arguments[3]) ?? 0)
    case ("answer", 3): try await answer(endpoints)
    case ("work", 5):
        try await work(endpoints, capacity: Int(arguments[3]) ?? 1, milliseconds: Int(arguments[4]) ?? 0)
    case ("load", 5):
        try await load(endpoints, callers: Int(arguments[3]) ?? 1, seconds: Int(arguments[4]) ?? 1)
    case ("serve", 3): try await serve(endpoints)
    default: exit(64)
    }
} catch {
    print("bench-bus: \(error)")
    exit(1)
}
