/// The tracks, artists and variations from which the catalogue makes up its music. None of them exists.
enum Repertoire {
    struct Entry: Sendable {
        let title: String
        let author: String
    }

    static let tracks: [Entry] = [
        Entry(title: "Lanterns on the Quay", author: "Harbour Lights Ensemble"),
        Entry(title: "Midnight Ferry", author: "Nora Vale"),
        Entry(title: "Salt & Neon", author: "Copper Tide"),
        Entry(title: "Paper Boats", author: "Little Atlas"),
        Entry(title: "Signal from the Breakwater", author: "Juno Park"),
        Entry(title: "Seven Shades of Rain", author: "Marigold Avenue"),
        Entry(title: "Gulls over Concrete", author: "The Low Season"),
        Entry(title: "Aurora Drive", author: "Polar Arcade"),
        Entry(title: "Slow Lighthouse", author: "Selwyn & Moss"),
        Entry(title: "Tin Roof Summer", author: "Copper Tide"),
        Entry(title: "Blue Hour Radio", author: "Nora Vale"),
        Entry(title: "Moon over Workshop Nine", author: "Polar Arcade"),
        Entry(title: "Kettle Song", author: "Granny Static"),
        Entry(title: "Velvet Anchor", author: "Marigold Avenue"),
        Entry(title: "A Map Without Roads", author: "Little Atlas"),
        Entry(title: "Hold the Horizon", author: "Harbour Lights Ensemble"),
        Entry(title: "Cellar Jazz No. 4", author: "The Basement Quartet"),
        Entry(title: "Bicycle through Fog", author: "Juno Park"),
        Entry(title: "Rainbow in the Bilge", author: "The Low Season"),
        Entry(title: "Iris, Unbothered", author: "Granny Static"),
        Entry(title: "Selene's Waltz", author: "Selwyn & Moss"),
        Entry(title: "Static Love Letter", author: "Polar Arcade"),
        Entry(title: "Ночной причал", author: "Тихая Гавань"),
        Entry(title: "Маяк и метель", author: "Соль и Свет"),
        Entry(title: "Човен на світанку", author: "Тиха Вода"),
        Entry(title: "Калинова хвиля", author: "Степові Птахи"),
        Entry(title: "새벽 부두", author: "바다소리"),
        Entry(title: "파도와 커피", author: "하늘빛 밴드"),
        Entry(title: "港灣夜曲", author: "藍色碼頭"),
        Entry(title: "雨後的燈塔", author: "小島樂團"),
        Entry(title: "Low-fi Tide Tables", author: "Beats by the Bay"),
        Entry(title: "Study with the Harbour Cat", author: "Beats by the Bay"),
    ]

    static let artists = [
        "Harbour Lights Ensemble", "Nora Vale", "Copper Tide", "Little Atlas", "Juno Park", "Marigold Avenue",
        "The Low Season", "Polar Arcade", "Selwyn & Moss", "Granny Static", "The Basement Quartet", "Beats by the Bay",
    ]

    static let variations = [
        "", "(Official Audio)", "(Live at the Harbour)", "(Acoustic)", "(Lo-fi Remix)", "(Extended Mix)", "(Slowed)",
        "(Piano Cover)", "(Nightcore)", "(Karaoke)",
    ]
}
