import BusContract
import FoundationEssentials
import HTTPTypes
package import Hummingbird
package import Logging
import MessageBus
import NIOCore
import Postgres
import ServiceKit
import Store

/// Puts the endpoints behind their keys, and the page and the OpenAPI document beside them.
package struct AdminRouter: Sendable {
    private let backend: any AdminBackend
    private let keys: KeyChecker
    private let logger: Logger

    /// Makes the API over a backend.
    package init(backend: any AdminBackend, keys: KeyChecker, logger: Logger) {
        self.backend = backend
        self.keys = keys
        self.logger = logger
    }

    /// Every endpoint: the list is the documentation. A new one is a file in Endpoints/ and a line here.
    var endpoints: [Endpoint] {
        [
            .status(backend),
            .bots(backend),
            .bot(backend),
            .addBot(backend),
            .removeBot(backend),
            .control(.start, backend),
            .control(.stop, backend),
            .control(.restart, backend),
            .guilds(backend),
            .guild(backend),
            .cases(backend),
            .players(backend),
            .live(LiveFeed(backend: backend)),
        ]
    }

    /// The finished router.
    package func router() throws -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        let endpoints = endpoints
        router.add(middleware: ErrorsAsJSON(endpoints: endpoints))
        for endpoint in endpoints {
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                await answer(endpoint, request, context)
            }
        }
        let document = ByteBuffer(bytes: try OpenAPIDocument.json(endpoints))
        router.get("/api/openapi.json") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: document)
            )
        }
        let page = ByteBuffer(bytes: PackageResources.index_html)
        router.get("/") { _, _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: "text/html; charset=utf-8", .xContentTypeOptions: "nosniff",
                    .contentSecurityPolicy:
                        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
                        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                ],
                body: .init(byteBuffer: page)
            )
        }
        return router
    }

    private func answer(_ endpoint: Endpoint, _ request: Request, _ context: BasicRequestContext) async -> Response {
        do {
            let key = try await admit(request, to: endpoint.scope)
            let body = endpoint.takesBody ? try await RequestObject.read(request) : Data()
            return try await endpoint.handle(Call(keyName: key.name, request: request, context: context, body: body))
        } catch {
            return Answer.error(explain(error, endpoint))
        }
    }

    private func admit(_ request: Request, to scope: Endpoint.Scope) async throws -> APIKey {
        guard let text = request.headers[.apiKey], !text.isEmpty, text.utf8.count <= 256,
            let key = try await keys.check(text)
        else { throw APIError.unauthorized }
        guard key.scopes.contains(scope.rawValue) else { throw APIError.forbidden(scope.rawValue) }
        return key
    }

    /// What a caller is told: enough to act upon, nothing of the inside.
    private func explain(_ error: any Error, _ endpoint: Endpoint) -> APIError {
        switch error {
        case let error as APIError:
            return error
        case let error as BusError:
            logger.warning("a call failed", metadata: ["call": "\(endpoint.name)", LogKey.error: "\(error)"])
            if case .failed(let code) = error.code {
                if code == "conflict" { return APIError(status: 409, code: code, message: error.message) }
                if code == "invalid" { return APIError(status: 400, code: code, message: error.message) }
                return APIError(status: 503, code: code, message: error.message)
            }
            return .unavailable("the gateway does not answer: \(error.message)")
        case let error as PostgresError:
            logger.warning("a call failed", metadata: ["call": "\(endpoint.name)", LogKey.error: "\(error)"])
            return .unavailable("the database does not answer")
        default:
            logger.error("a call failed", metadata: ["call": "\(endpoint.name)", LogKey.error: "\(error)"])
            return APIError(status: 500, code: "internal", message: "the call failed; the log says why")
        }
    }
}

extension HTTPField.Name {
    /// Where callers put their key.
    static var apiKey: Self { Self("X-API-Key") ?? .authorization }
}
