@main
struct WorkerBench { static func main() {} }
