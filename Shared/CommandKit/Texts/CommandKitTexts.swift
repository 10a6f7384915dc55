/// The texts that every service's commands share: refusals and failures.
package enum CommandKitTexts {
    package static let catalogue: Catalogue = {
        do {
            return try Catalogue(
                en: PackageResources.en_json,
                uk: PackageResources.uk_json,
                ru: PackageResources.ru_json,
                ko: PackageResources.ko_json,
                zhTW: PackageResources.zh_TW_json
            )
        } catch {
            // The files are compiled in and held by a test: this cannot be reached by anything from outside.
            preconditionFailure("CommandKit's texts: \(error)")
        }
    }()
}
