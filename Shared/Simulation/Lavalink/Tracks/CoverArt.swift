/// Covers for made-up tracks: an SVG drawn from the track's identifier, so that pages show pictures without a network.
enum CoverArt {
    /// A square picture of 240 units.
    static func svg(for identifier: String) -> String {
        var choice = SeededChoice(seed: identifier)
        let hue = Int(choice.next() % 360)
        let second = (hue + 30 + Int(choice.next() % 120)) % 360
        var shapes = ""
        switch choice.next() % 3 {
        case 0:
            for ring in 0..<5 {
                shapes +=
                    "<circle cx='\(60 + choice.next() % 120)' cy='\(60 + choice.next() % 120)' r='\(20 + ring * 18)' "
                    + "fill='none' stroke='hsl(\(second) 90% 80% / .\(5 - ring)5)' stroke-width='6'/>"
            }
        case 1:
            for wave in 0..<6 {
                let y = 70 + wave * 28
                let lift = Int(choice.next() % 40)
                shapes +=
                    "<path d='M0 \(y) C60 \(y - lift) 120 \(y + lift) 240 \(y - 10) V240 H0Z' "
                    + "fill='hsl(\(second) 80% \(70 - wave * 9)% / .45)'/>"
            }
            shapes += "<circle cx='\(50 + choice.next() % 140)' cy='52' r='26' fill='hsl(\(second) 100% 88%)'/>"
        default:
            for bar in 0..<9 {
                let height = 30 + Int(choice.next() % 150)
                shapes +=
                    "<rect x='\(18 + bar * 23)' y='\(220 - height)' width='14' height='\(height)' rx='7' "
                    + "fill='hsl(\((second + bar * 8) % 360) 85% 72% / .85)'/>"
            }
        }
        return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 240 240'><defs>"
            + "<linearGradient id='g' x1='0' y1='0' x2='1' y2='1'><stop offset='0' stop-color='hsl(\(hue) 62% 34%)'/>"
            + "<stop offset='1' stop-color='hsl(\((hue + 50) % 360) 70% 18%)'/></linearGradient></defs>"
            + "<rect width='240' height='240' fill='url(#g)'/>\(shapes)</svg>"
    }
}
