@main
struct Penstockd { static func main() {} }
