import Configuration
import Testing

@testable import sessiond

@Suite struct ClearingSettingsTests {
    private func interval(_ variables: [String: String]) throws -> Int? {
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        return try Settings.load(SettingsReader(provider)).clearInterval
    }

    @Test func `who wants Django's ways clears by the command`() throws {
        #expect(try interval([:]) == 300)
        #expect(try interval(["SESSION_CLEAR_INTERVAL": "60"]) == 60)
        #expect(try interval(["SESSION_CLEAR_INTERVAL": "None"]) == nil)
        #expect(try interval(["SESSION_DJANGO_COMPATIBLE": "True"]) == nil)
        #expect(try interval(["SESSION_DJANGO_COMPATIBLE": "True", "SESSION_CLEAR_INTERVAL": "60"]) == 60)
    }
}
