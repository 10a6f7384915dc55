/// Blocks of code for answers that need one: fences are what splitting a message most easily breaks.
enum CodeSample {
    static let short = """
        ```swift
        func greet(_ names: [String]) -> String {
            names.isEmpty ? "Anyone there?" : "Ahoy, \\(names.joined(separator: ", "))!"
        }
        ```
        """

    static let long = """
        ```python
        import time

        RHYTHM = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]


        class Lighthouse:
            def __init__(self, steps=109):
                self.steps = steps
                self.lit = False
                self.log = []

            def climb(self):
                for step in range(1, self.steps + 1):
                    if step % 7 == 0:
                        self.log.append(f"step {step}: a little heavier")
                return self

            def flash(self, length):
                self.lit = True
                time.sleep(length / 100)
                self.lit = False
                self.log.append(f"flash of {length}")

            def answer(self):
                for length in RHYTHM:
                    self.flash(length)
                return len(self.log)


        if __name__ == "__main__":
            keeper = Lighthouse().climb()
            print("entries in the book:", keeper.answer())
        ```
        """
}
