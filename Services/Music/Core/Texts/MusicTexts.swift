package import CommandKit

/// The service's texts, compiled in.
package enum MusicTexts {
    package static func catalogue() throws(CatalogueError) -> Catalogue {
        try Catalogue(
            en: PackageResources.en_json,
            uk: PackageResources.uk_json,
            ru: PackageResources.ru_json,
            ko: PackageResources.ko_json,
            zhTW: PackageResources.zh_TW_json
        )
    }
}
