import FoundationEssentials

/// Reads what went wrong out of an HTTP error answer, for all providers: OpenAI's and Anthropic's `{"error":{…}}`,
/// Ollama's `{"error":"…"}`, and bodies that are no JSON at all.
enum ProviderFailure {
    /// The part of an error body that the providers share.
    struct Body: Decodable {
        var message: String?
        var type: String?
        var code: String?

        private enum Keys: String, CodingKey { case error, message, type, code }

        init(from decoder: any Decoder) throws {
            let top = try decoder.container(keyedBy: Keys.self)
            if let text = try? top.decode(String.self, forKey: .error) {
                message = text
                return
            }
            let error = (try? top.nestedContainer(keyedBy: Keys.self, forKey: .error)) ?? top
            message = try? error.decode(String.self, forKey: .message)
            type = try? error.decode(String.self, forKey: .type)
            // OpenRouter sends a number where OpenAI sends a word.
            code =
                (try? error.decode(String.self, forKey: .code))
                ?? (try? error.decode(Int.self, forKey: .code)).map(String.init)
        }
    }

    /// Longest piece of a provider's own words that goes into logs.
    private static let longestExcerpt = 300

    /// The error that an HTTP answer other than 200 means.
    static func error(
        status: Int,
        body: [UInt8],
        retryAfter: String?,
        retryAfterMilliseconds: String?
    )
        -> LanguageModelError
    {
        let parsed = try? JSONDecoder().decode(Body.self, from: Data(body))
        return error(
            status: status,
            body: parsed,
            excerpt: parsed?.message ?? String(decoding: body, as: UTF8.self),
            retryAfter: wait(seconds: retryAfter, milliseconds: retryAfterMilliseconds)
        )
    }

    /// The error that an `error` event in the middle of a stream means; it has no status.
    static func error(inStream data: String) -> LanguageModelError {
        let parsed = try? JSONDecoder().decode(Body.self, from: Data(data.utf8))
        return error(status: nil, body: parsed, excerpt: parsed?.message ?? data, retryAfter: nil)
    }

    private static func error(
        status: Int?,
        body: Body?,
        excerpt: String,
        retryAfter: Duration?
    )
        -> LanguageModelError
    {
        let words = [body?.type, body?.code].compactMap(\.self).joined(separator: " ").lowercased()
        let said = excerpt.isEmpty ? "no details" : String(excerpt.prefix(longestExcerpt))
        func failure(_ code: LanguageModelError.Code, _ cause: String) -> LanguageModelError {
            LanguageModelError(code, "\(cause): \(said)", retryAfter: retryAfter, status: status)
        }
        if words.contains("context_length") || isAboutLength(excerpt) {
            return failure(.contextTooLong, "the conversation is too long for the model")
        }
        if words.contains("insufficient_quota") || words.contains("billing") || status == 402 {
            return failure(.quotaExhausted, "the account at the provider has no credit left")
        }
        // In the middle of a stream there is no status; the kind of the error has to do.
        func isKind(_ kinds: String...) -> Bool { status == nil && kinds.contains { words.contains($0) } }
        switch status {
        case 401, 403:
            return failure(.authentication, "the provider does not accept the key")
        case _ where isKind("authentication", "permission"):
            return failure(.authentication, "the provider does not accept the key")
        case 429:
            return failure(.rateLimited, "the provider's rate limit is reached")
        case _ where isKind("rate_limit"):
            return failure(.rateLimited, "the provider's rate limit is reached")
        case 408:
            return failure(.timeout, "the provider gave up waiting")
        case 413:
            return failure(.contextTooLong, "the request is too large for the provider")
        case nil:
            return failure(.overloaded, "the provider broke off the answer")
        case .some(500...):
            return failure(.overloaded, "the provider has trouble")
        default:
            return failure(.refusedRequest, "the provider refuses the request")
        }
    }

    /// Providers without a code for it say it in these words.
    private static func isAboutLength(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return ["maximum context length", "context window", "prompt is too long", "context size", "too many tokens"]
            .contains { lowered.contains($0) }
    }

    /// The wait that the headers ask for: whole or decimal seconds, or milliseconds. A date is not read: clocks differ.
    static func wait(seconds: String?, milliseconds: String?) -> Duration? {
        if let milliseconds, let value = Double(milliseconds), (0...3_600_000).contains(value) {
            return .milliseconds(Int64(value.rounded(.up)))
        }
        if let seconds, let value = Double(seconds), (0...3600).contains(value) {
            return .milliseconds(Int64((value * 1000).rounded(.up)))
        }
        return nil
    }
}
