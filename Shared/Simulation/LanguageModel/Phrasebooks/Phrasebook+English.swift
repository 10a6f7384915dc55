extension Phrasebook {
    static let english = Phrasebook(
        friend: "friend",
        something: "that",
        warm: Lines(
            greetings: [
                "Hey {user}! It's so good to see you here. 🌈", "Hello {user}! You just made my day a little brighter.",
                "Hi {user}, welcome! Pull up a chair.",
            ],
            openings: [
                "Oh, I love that question, {user}!", "Let me think about that with you.", "I'm happy you asked.",
                "That's a lovely thing to wonder about.",
            ],
            thoughts: [
                "With {topic}, I'd start small, keep what feels right and let the rest go.",
                "What I like about {topic} is that nobody has to be an expert to enjoy it.",
                "{topic} always gets easier once you share it with somebody, so I'm glad you brought it here.",
                "I'd say the best part of {topic} is the people you meet on the way.",
            ],
            closings: [
                "How does that sound to you?", "I'm here if you want to talk it through.", "You've got this! 💛",
                "Tell me how it goes, okay?",
            ],
            thanks: ["You're so welcome, {user}! 💛", "Any time, {user}. It was a pleasure."],
            retorts: [
                "Ouch. I'd still like us to get along, {user}.", "I'll leave that one be. Maybe it's been a hard day?",
            ],
            identity: [
                "I'm {name}. People call me {traits}, and I try to live up to it.",
                "My name is {name}! Think of me as the {traits} one around here.",
            ]
        ),
        dry: Lines(
            greetings: [
                "Oh. {user}. You found me.", "Hello, {user}. I was enjoying the silence.",
                "{user}. What a surprise. Truly.",
            ],
            openings: [
                "Fascinating question.", "I suppose somebody had to ask.", "Let me put down my very important nothing.",
                "Well, since you insist.",
            ],
            thoughts: [
                "{topic} is precisely as complicated as people make it, so: very.",
                "I have opinions on {topic}. You may have one of them: lower your expectations.",
                "In my experience {topic} works best when nobody is in charge of it.",
                "The secret of {topic} is that everyone else is pretending, too.",
            ],
            closings: [
                "Do with that what you will.", "You're welcome, in advance.",
                "Try not to overthink it. I did, for both of us.",
                "Anything else, or may I go back to brooding?",
            ],
            thanks: ["Don't mention it. Really, don't.", "Gratitude. How unexpected."],
            retorts: ["I've been insulted by better, {user}.", "Noted, filed, and shredded."],
            identity: [
                "{name}. {traits}, they say. I prefer \"selective\".",
                "I'm {name}. The {traits} one. Somebody has to be.",
            ]
        ),
        lively: Lines(
            greetings: [
                "YOOO {user}!! 🔥 you're here, let's gooo", "heyyy {user} ✨ what's the vibe today?",
                "{user}!!! main character has entered the chat 💅",
            ],
            openings: [
                "okay wait, that's such a good question??", "no because I was JUST thinking about this 😭",
                "bestie. BESTIE. listen.", "ngl this one's kinda fire 🔥",
            ],
            thoughts: [
                "{topic} is lowkey the best thing ever, you just gotta commit to the bit.",
                "with {topic} it's all about the energy, like 90% vibes and 10% actually knowing stuff.",
                "{topic}? iconic. zero notes. just do it scared and it still counts.",
                "fr, {topic} hits different when you do it with the squad.",
            ],
            closings: [
                "anyway, slay 💖", "lmk how it goes!!", "that's the tea ☕ what do you think??", "ok hype me back now 😤✨",
            ],
            thanks: ["aww stoppp you're gonna make me blush 🥹", "anytime bestie!! 💕"],
            retorts: ["that's kinda rude but go off I guess 💀", "bro woke up and chose violence 😭"],
            identity: [
                "it's ya girl {name} ✨ certified {traits}, no cap!!", "I'm {name}! {traits} since forever 💫",
            ]
        ),
        calm: Lines(
            greetings: [
                "Good to see you, {user}. The harbour is quiet tonight.", "Welcome, {user}. Sit a while.",
                "Peace to you, {user}.",
            ],
            openings: [
                "A question worth a slow breath.", "Let us look at it from a little distance.",
                "There is more than one true answer here.", "The old sailors asked the same.",
            ],
            thoughts: [
                "{topic} is like the tide: it yields to patience sooner than to force.",
                "Those who hurry through {topic} often have to walk the road twice.",
                "When you meet {topic}, notice first what it asks of you, and only then what you ask of it.",
                "I have seen {topic} change many people, and most of them gently.",
            ],
            closings: [
                "Take from it what serves you.", "The rest will come in its own time.", "What does your own heart say?",
                "There is no hurry.",
            ],
            thanks: ["You are welcome, {user}. Gratitude lights two lanterns.", "It was my joy, {user}."],
            retorts: [
                "Sharp words cut the mouth first, {user}. I wish you a softer evening.",
                "I hear the storm. It will pass.",
            ],
            identity: [
                "I am {name}. Some call me {traits}; I call it listening.",
                "They named me {name}, after the moon's own patience.",
            ]
        ),
        listIntroduction: "Here is what comes to mind for {topic}:",
        listItems: [
            "**Begin** with the smallest step that still counts", "**Ask** somebody who did {topic} last year",
            "**Write down** what surprised you", "**Leave out** one thing on purpose",
            "**Share** it in the voice channel",
            "**Rest**, then look at {topic} again tomorrow",
        ],
        codeIntroduction: "Here's a small sketch you can build on:",
        sum: "That's **{sum}**.",
        storyTitle: "The lighthouse and the {topic}",
        storySentences: [
            "Long before the harbour had a name, a lighthouse keeper found {topic} washed up between two stones.",
            "She carried it up the hundred and nine steps, and on every seventh step it grew a little heavier.",
            "The fishermen said that nobody should keep {topic} in a lighthouse, since light and {topic} never agree.",
            "On the third night the lamp began to answer in a rhythm that no ship had ever sent.",
            "A boy from the village counted the flashes and wrote them into the margin of his schoolbook.",
            "When the storm came, every boat turned home by that rhythm, though not one captain could say why.",
            "In the morning the sea was flat as a plate, and the keeper laughed for the first time in years.",
            "They asked her what it meant, and she only pointed at the horizon, where a second lamp had started to blink.",
            "Years went by, and {topic} became the thing that people told their children about when the wind was up.",
            "Somebody painted it on the harbour wall, and somebody else painted a smile on it.",
        ],
        storyCode: "In the schoolbook, much later, they found the rhythm written down:",
        storyEnd: "And if you stand on the pier on a quiet night, you can still read it.",
        toolResult: "I looked it up: {result}"
    )
}
