import Hummingbird

/// Tells in the API's own form what the server refuses by itself: a path that there is not, a request that it cannot
/// read.
struct ErrorsAsJSON: RouterMiddleware {
    let endpoints: [Endpoint]

    @concurrent
    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where request.uri.path.hasPrefix("/api") {
            let isUnknown = error.status == .notFound
            let served = isUnknown ? endpoints.filter { $0.matches(request.uri.path) }.map(\.method) : []
            guard served.isEmpty else { return Answer.notAllowed(request.method, served) }
            return Answer.error(
                APIError(
                    status: error.status.code,
                    code: isUnknown ? "not_found" : "invalid",
                    message: isUnknown
                        ? "there is no path \(request.uri.path)" : error.body ?? error.status.reasonPhrase
                )
            )
        }
    }
}
