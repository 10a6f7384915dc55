/// The texts that every service's commands share: refusals and failures.
enum CommandKitTexts {
    static let catalogue: Catalogue = {
        do {
            return try Catalogue([
                .english: PackageResources.en_json,
                .ukrainian: PackageResources.uk_json,
                .russian: PackageResources.ru_json,
                .korean: PackageResources.ko_json,
                .traditionalChinese: PackageResources.zh_TW_json,
            ])
        } catch {
            // The files are compiled in and held by a test: this cannot be reached by anything from outside.
            preconditionFailure("CommandKit's texts: \(error)")
        }
    }()
}
