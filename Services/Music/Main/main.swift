import MusicCore
import ServiceHost

await ServiceHost.main(MusicService.self)
