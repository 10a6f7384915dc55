import PersonaCore
import ServiceHost

await ServiceHost.main(PersonaService.self)
